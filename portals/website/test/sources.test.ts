// @vitest-environment node
//! What no source may do, whatever a linter of the day thinks of it.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Makes a program out of a text, or a style out of an attribute, which the policy of our pages forbids; or keeps what isn't to be kept. */
const FORBIDDEN: [RegExp, string?][] = [
  [/\b(?:innerHTML|outerHTML|insertAdjacentHTML)\b/],
  [/\bdocument\.write\b/],
  [/\beval\(|\bnew Function\b/],
  [/\sstyle=["{]/],
  [/\b(?:localStorage|sessionStorage|indexedDB)\b/, "shared/src/storage.ts"],
  [/\bdocument\.cookie\b/],
];

const sources = ["shared/src", "customer/src", "website/src"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes("generated/"))
    .map((name) => join(folder, name)),
);

it.each(sources)("%s keeps to the rules", (name) => {
  const source = readFileSync(join(ROOT, name), "utf8");
  for (const [pattern, allowed] of FORBIDDEN.filter(([, allowed]) => allowed !== name)) {
    expect(source, `${pattern} ${allowed ?? ""}`).not.toMatch(pattern);
  }
  expect(source.split("\n").length, "lines").toBeLessThanOrEqual(300);
});
