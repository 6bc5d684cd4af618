//! The built bundle, for those who judge it.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const DIST = new URL("../../dist/", import.meta.url).pathname;

export interface Page {
  readonly file: string;
  readonly html: string;
}

/** Paths of all files, as in the bundle. */
export function files(): string[] {
  return readdirSync(DIST, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(DIST, join(entry.parentPath, entry.name)));
}

export function read(file: string): Buffer {
  return readFileSync(join(DIST, file));
}

export function pages(): Page[] {
  return files()
    .filter((file) => file.endsWith(".html"))
    .map((file) => ({ file, html: read(file).toString() }));
}

/** `/` and `/contact`, for `index.html` and `contact.html`. */
export function address(file: string): string {
  return file === "index.html" ? "/" : `/${file.replace(/\.html$/, "")}`;
}
