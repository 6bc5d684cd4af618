//! What of the built bundle is for staff alone, judged by the files themselves: who isn't signed in gets what signing in takes, and nothing else.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { built } from "../../../shared/test/bundle";

const bundle = built(new URL("../../dist/", import.meta.url).pathname);
const guarded: readonly string[] = JSON.parse(bundle.read("portal.json")).guarded;
const scripts = bundle.files.filter((file) => /^assets\/.*\.(js|css)$/.test(file));
const open = scripts.filter((file) => !guarded.includes(`/${file}`));

/** The script that was made of a module of this name. */
const called = (name: string) => scripts.filter((file) => file.endsWith(".js") && file.startsWith(`assets/${name}-`));
/** What a script imports at once. */
const imported = (file: string) =>
  Array.from(bundle.read(file).matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g), (match) => `assets/${match[1]}`);

function whole(files: readonly string[]): readonly string[] {
  const found = new Set(files);
  for (const file of found) {
    for (const next of imported(file)) {
      found.add(next);
    }
  }
  return Array.from(found);
}

it("names files that are there", () => {
  expect(guarded.length).toBeGreaterThan(20);
  for (const path of guarded) {
    expect(scripts, path).toContain(path.slice(1));
  }
});

it("leaves open what signing in takes, and the pages name nothing else", () => {
  const ways = ["SignIn", "Forgot", "Factor", "Enrol"].flatMap((name) => {
    expect(called(name), name).toHaveLength(1);
    return called(name);
  });
  const needed = [...whole([...bundle.first, ...ways]), ...bundle.styles.map((path) => path.replace(/^\//, ""))];
  expect(needed.length).toBeGreaterThan(5);
  for (const file of needed) {
    expect(open, file).toContain(file);
  }
  for (const page of bundle.files.filter((file) => file.endsWith(".html"))) {
    expect(
      guarded.filter((path) => bundle.read(page).includes(path)),
      page,
    ).toEqual([]);
  }
});

it("guards every view, and what leads to one", () => {
  const table = readFileSync(new URL("../../src/views/index.ts", import.meta.url), "utf8");
  const views = Array.from(table.matchAll(/import\("\.\/[\w-]+\/(\w+)"\)/g), (match) => match[1] ?? "");
  expect(views.length).toBeGreaterThan(15);
  for (const view of [...views, "Palette"]) {
    expect(called(view).length, view).toBeGreaterThan(0);
    for (const file of called(view)) {
      expect(guarded, view).toContain(`/${file}`);
    }
  }
});

it("opens nothing in which staff read of somebody", () => {
  for (const file of open) {
    expect(bundle.read(file), file).not.toMatch(/x-audit-reason|Why do you look|\/api\/identity\/staff|dead-letters\//);
  }
});
