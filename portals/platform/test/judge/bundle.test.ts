//! The built bundle: how much a browser loads before it shows anything, that nothing in it needs more than the server's policy gives, and that the server can serve it.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";

const DIST = new URL("../../dist/", import.meta.url).pathname;
/** Bounds for what is sent compressed, in bytes: all scripts that the first page wants at once; one view's own; styles. */
const SCRIPTS = 45_000;
const VIEW = 25_000;
const STYLES = 8_000;

const files = readdirSync(DIST, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(DIST, join(entry.parentPath, entry.name)));
const read = (file: string) => readFileSync(join(DIST, file));
const zipped = (file: string) => gzipSync(read(file), { level: 9 }).length;
const index = read("index.html").toString();
const named = (pattern: RegExp) => Array.from(index.matchAll(pattern), (match) => (match[1] ?? "").slice(1));
const first = named(/(?:src|href)="(\/assets\/[^"]+\.js)"/g);

describe("the bundle", () => {
  it("is light", () => {
    const weight = first.reduce((all, file) => all + zipped(file), 0);
    expect(weight).toBeGreaterThan(10_000);
    expect(weight).toBeLessThanOrEqual(SCRIPTS);
    const styles = named(/rel="stylesheet"[^>]* href="([^"]+)"/g);
    expect(styles.length).toBeGreaterThan(0);
    expect(styles.reduce((all, file) => all + zipped(file), 0)).toBeLessThanOrEqual(STYLES);
  });

  it("loads views as they are opened, each of them light", () => {
    const later = files.filter((file) => file.endsWith(".js") && !first.includes(file));
    expect(later.some((file) => read(file).toString().includes("x-audit-reason"))).toBe(true);
    expect(later.length).toBeGreaterThanOrEqual(5);
    for (const file of later) {
      expect(zipped(file), file).toBeLessThanOrEqual(VIEW);
    }
    expect(first.map((file) => read(file).toString()).join("")).not.toContain("Why do you look?");
  });

  it("says what it is", () => {
    expect(JSON.parse(read("portal.json").toString())).toEqual({
      app: true,
      sessions: true,
      factor: true,
      cluster: true,
    });
    for (const answer of ["not-found", "refused", "busy"]) {
      expect(files).toContain(`answers/${answer}.html`);
    }
  });

  it("has a smaller form of everything that has one, and nothing for a reader of its source", () => {
    for (const file of files.filter((file) => /\.(html|js|css|svg|txt)$/.test(file))) {
      expect(files).toContain(`${file}.br`);
      expect(files).toContain(`${file}.gz`);
    }
    expect(files.filter((file) => file.endsWith(".map"))).toEqual([]);
  });

  it("makes no program out of texts, and keeps nothing that outlives a tab", () => {
    for (const file of files.filter((file) => file.endsWith(".js"))) {
      const forbidden = /\beval\(|new Function\(|document\.write\(|localStorage|indexedDB|document\.cookie/g;
      expect(read(file).toString().match(forbidden) ?? [], file).toEqual([]);
    }
  });
});

describe.each(files.filter((file) => file.endsWith(".html")))("%s", (file) => {
  const html = read(file).toString();
  const { document } = new JSDOM(html, { url: "https://platform.example/" }).window;
  const all = (selector: string) => Array.from(document.querySelectorAll(selector));

  it("has nothing inline that the policy forbids, and leads to what is there", () => {
    expect(all("script:not([src]), style, [style], base, iframe, object, embed")).toEqual([]);
    const inline = all("*").flatMap((element) => element.getAttributeNames().filter((name) => name.startsWith("on")));
    expect(inline).toEqual([]);
    const links = all("[href], [src]").map((each) => each.getAttribute("href") ?? each.getAttribute("src") ?? "");
    for (const link of links.filter((link) => link !== "/")) {
      expect(files, link).toContain(link.slice(1));
    }
  });

  it("says what it is", () => {
    expect(document.documentElement.lang).toBe("en");
    expect(document.title.length).toBeGreaterThan(3);
    expect(file === "index.html" ? all("#app") : all("h1")).toHaveLength(1);
  });
});
