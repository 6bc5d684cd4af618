//! How much a visitor loads. Bounds are for what is sent compressed.

import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { files, pages, read } from "./bundle";

/** What a page's own script, and what it wants at once, may weigh. */
const SCRIPTS = 45_000;
const STYLES = 8_000;
const FONTS = 60_000;
const PAGE = 12_000;

const zipped = (file: string) => gzipSync(read(file), { level: 9 }).length;
const named = (html: string, pattern: RegExp) => [
  ...new Set(Array.from(html.matchAll(pattern), (match) => match[1] ?? "")),
];
const sum = (list: string[]) => list.reduce((all, file) => all + zipped(file.replace(/^\//, "")), 0);

describe.each(pages())("$file", ({ file, html }) => {
  it("is light", () => {
    const scripts = sum(named(html, /(?:src|rel="modulepreload" href)="([^"]+\.js)"/g));
    const styles = sum(named(html, /rel="stylesheet" href="([^"]+)"/g));
    const fonts = named(html, /rel="preload" href="([^"]+)" as="font"/g).reduce(
      (all, font) => all + read(font.slice(1)).length,
      0,
    );
    expect(scripts).toBeGreaterThan(1_000);
    expect(scripts).toBeLessThanOrEqual(SCRIPTS);
    expect(styles).toBeLessThanOrEqual(STYLES);
    expect(fonts).toBeLessThanOrEqual(FONTS);
    expect(zipped(file)).toBeLessThanOrEqual(PAGE);
  });
});

describe("the bundle", () => {
  it("has a smaller form of everything that has one", () => {
    const plain = files().filter((file) => /\.(html|js|css|svg|txt)$/.test(file));
    for (const file of plain) {
      expect(files()).toContain(`${file}.br`);
      expect(files()).toContain(`${file}.gz`);
    }
  });

  it("keeps nothing for a reader of its source, and nothing hidden", () => {
    expect(
      files().filter((file) => file.endsWith(".map") || file.split("/").some((part) => part.startsWith("."))),
    ).toEqual([]);
  });

  it("makes no program out of texts", () => {
    for (const file of files().filter((file) => file.endsWith(".js"))) {
      expect(read(file).toString(), file).not.toMatch(/\beval\(|new Function\(|document\.write\(/);
    }
  });
});
