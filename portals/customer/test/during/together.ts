//! People who do something again and again until they are told that it is enough.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** How long anybody stays, in milliseconds: whoever would have told them may be gone. */
const LONGEST = 14 * 60_000;

function folder(): string {
  const place = process.env.RERP_DURING;
  if (!place) {
    throw new Error("RERP_DURING names no folder: cargo xtask demo --browse runs these tests");
  }
  return place;
}

/** Fills in forms one after the other, with a pause of so many milliseconds between them. No page may show an error. */
export async function again(
  page: Page,
  portal: string,
  forms: readonly (() => Promise<void>)[],
  pause: number,
): Promise<void> {
  writeFileSync(join(folder(), `${portal}.begun`), "");
  const until = Date.now() + LONGEST;
  let taken = 0;
  for (const isEnough = () => existsSync(join(folder(), "enough")) || Date.now() > until; !isEnough(); ) {
    for (const fill of forms) {
      await fill();
      await unharmed(page);
      taken += 1;
      await new Promise((done) => setTimeout(done, pause));
    }
  }
  expect(taken, "nothing was filled in").toBeGreaterThan(0);
  keep(portal, taken);
}

/** Nothing that is there to tell of trouble says anything. */
export async function unharmed(page: Page): Promise<void> {
  const said = await page.getByRole("alert").filter({ hasText: /\w/ }).allTextContents();
  expect(said, page.url()).toEqual([]);
}

/** All of them are in one process, which writes nothing between reading and writing. */
function keep(portal: string, taken: number): void {
  const path = join(folder(), "filled.json");
  const forms = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  writeFileSync(path, JSON.stringify({ ...forms, [portal]: taken }));
}
