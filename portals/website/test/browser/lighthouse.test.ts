//! What Lighthouse says of pages that are to be found, on the slow telephone that it plays by itself.

import { type LaunchedChrome, launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { afterAll, beforeAll, expect, it } from "vitest";
import { named, open, type Site } from "./site";

const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
/** Of a hundred. */
const LEAST = 95;
/** Speed is reckoned from what the page took on this machine, which may do something else at that moment: the best run tells. */
const RUNS = 3;

let site: Site;
let chromium: LaunchedChrome;

beforeAll(async () => {
  site = await open();
  const chromeFlags = ["--headless=new", "--no-sandbox", "--disable-gpu"];
  chromium = await launch({ chromePath: named("RERP_CHROMIUM"), chromeFlags });
});
afterAll(async () => {
  chromium.kill();
  await site.close();
});

async function scores(path: string): Promise<[string, number][]> {
  const result = await lighthouse(`${site.origin}${path}`, {
    port: chromium.port,
    onlyCategories: CATEGORIES,
    logLevel: "error",
  });
  return Object.values(result?.lhr.categories ?? {}).map(({ id, score }) => [id, Math.round((score ?? 0) * 100)]);
}

it.each(["/", "/contact", "/legal/privacy"])("%s", async (path) => {
  let low: [string, number][] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const found = await scores(path);
    expect(found.map(([id]) => id).sort()).toEqual([...CATEGORIES].sort());
    low = found.filter(([, score]) => score < LEAST);
    if (low.length === 0) {
      break;
    }
  }
  expect(low).toEqual([]);
});
