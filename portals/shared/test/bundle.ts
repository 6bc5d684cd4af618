//! The built bundle of a portal for people who sign in: how much a browser loads before it shows anything, that nothing in it needs more than the server's policy gives,
//! and that the server can serve it. In: its folder. Out: its files, for what one portal alone holds to; and the tests that all of them pass.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";

/** Bounds for what is sent compressed, in bytes: all scripts that the first page wants at once; one view's own; styles. */
const SCRIPTS = 45_000;
const VIEW = 25_000;
const STYLES = 8_000;

export interface Bundle {
  /** Paths of all files. */
  readonly files: readonly string[];
  /** Scripts that the first page wants at once, and those that come with views. */
  readonly first: readonly string[];
  readonly later: readonly string[];
  /** Styles that the first page wants. */
  readonly styles: readonly string[];
  read(file: string): string;
  /** How much of it is sent, in bytes. */
  zipped(file: string): number;
}

/** `folder`: with a slash at its end. */
export function built(folder: string): Bundle {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const bytes = (file: string) => readFileSync(join(folder, file));
  const read = (file: string) => bytes(file).toString();
  const index = read("index.html");
  const named = (pattern: RegExp) => Array.from(index.matchAll(pattern), (match) => (match[1] ?? "").slice(1));
  const first = named(/(?:src|href)="(\/assets\/[^"]+\.js)"/g);
  return {
    files,
    first,
    later: files.filter((file) => file.endsWith(".js") && !first.includes(file)),
    styles: named(/rel="stylesheet"[^>]* href="([^"]+)"/g),
    read,
    zipped: (file) => gzipSync(bytes(file), { level: 9 }).length,
  };
}

/** `manifest`: what the server is told of it. */
export function judge(bundle: Bundle, manifest: Readonly<Record<string, unknown>>): void {
  describe("the bundle", () => {
    light(bundle);
    served(bundle, manifest);
  });
  describe.each(bundle.files.filter((file) => file.endsWith(".html")))("%s", (file) => page(bundle, file));
}

function light({ first, later, styles, zipped }: Bundle): void {
  const sum = (files: readonly string[]) => files.reduce((all, file) => all + zipped(file), 0);
  it("is light", () => {
    expect(sum(first)).toBeGreaterThan(10_000);
    expect(sum(first)).toBeLessThanOrEqual(SCRIPTS);
    expect(styles.length).toBeGreaterThan(0);
    expect(sum(styles)).toBeLessThanOrEqual(STYLES);
  });

  it("loads views as they are opened, each of them light", () => {
    expect(later.length).toBeGreaterThanOrEqual(5);
    for (const file of later) {
      expect(zipped(file), file).toBeLessThanOrEqual(VIEW);
    }
  });
}

function served({ files, read }: Bundle, manifest: Readonly<Record<string, unknown>>): void {
  it("says what it is", () => {
    expect(JSON.parse(read("portal.json"))).toEqual(manifest);
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
      expect(read(file).match(forbidden) ?? [], file).toEqual([]);
    }
  });
}

function page({ files, read }: Bundle, file: string): void {
  const { document } = new JSDOM(read(file), { url: "https://portal.example/" }).window;
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
    expect(document.querySelector('meta[name="description"]')?.getAttribute("content")).toBeTruthy();
    expect(file === "index.html" ? all("#app") : all("h1")).toHaveLength(1);
  });
}
