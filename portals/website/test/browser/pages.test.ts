//! Every address, light and dark, on wide and narrow windows: nothing on the console, nothing from elsewhere, nothing that axe finds, no colour without contrast.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { address, pages } from "../judge/bundle";
import { open, type Site } from "./site";
import { browser, NARROW, Visitor, WIDE } from "./visitor";

let site: Site;
let chromium: Browser;

beforeAll(async () => {
  [site, chromium] = await Promise.all([open(), browser()]);
});
afterAll(async () => {
  await Promise.all([site.close(), chromium.close()]);
});

const ADDRESSES = pages()
  .map((page) => address(page.file))
  .filter((path) => !path.startsWith("/answers/"));
/** One that leads to nothing: the page that says so. */
const NOWHERE = "/nowhere";
/** Browsers name on the console what they couldn't get. */
const EXPECTED = [/404 \(Not Found\)/];

describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
  describe.each([WIDE, NARROW])("$width wide", (viewport) => {
    it.each([...ADDRESSES, NOWHERE])("%s", async (path) => {
      const visitor = await Visitor.come(chromium, site.origin, { colorScheme, viewport });
      await visitor.decided("needed");
      const answer = await visitor.visit(path);
      expect(answer?.status()).toBe(path === NOWHERE ? 404 : 200);
      const policy = answer?.headers()["content-security-policy"] ?? "";
      expect(policy).toMatch(/^default-src 'none';/);
      expect(policy).not.toMatch(/unsafe|\*|data:|blob:|https?:/);
      const name = path === "/" ? "home" : path.slice(1).replaceAll("/", "-");
      await visitor.judge(`${name}-${colorScheme}-${viewport.width}`);
      await visitor.leave(path === NOWHERE ? EXPECTED : []);
    });
  });
});

describe("the policy", () => {
  it("is one that a browser holds to", async () => {
    const visitor = await Visitor.come(chromium, site.origin);
    await visitor.page.goto("/contact");
    const ran = await visitor.page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "document.title = 'smuggled'";
      document.body.append(script);
      const elsewhere = await fetch("http://127.0.0.1:9/").catch(() => "refused");
      return [document.title, elsewhere];
    });
    expect(ran).toEqual([expect.stringContaining("Contact"), "refused"]);
    await visitor.leave([
      /Content Security Policy/,
      /violates the document's/,
      /elsewhere|failed: http:\/\/127.0.0.1:9/,
    ]);
  });
});

describe("a keyboard", () => {
  it("gets past the head, and to everything in order", async () => {
    const visitor = await Visitor.come(chromium, site.origin);
    await visitor.decided("needed");
    const { page } = visitor;
    await page.goto("/contact");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("main");
    const seen: (string | undefined)[] = [];
    for (let step = 0; step < 5; step += 1) {
      await page.keyboard.press("Tab");
      seen.push(await page.evaluate(() => (document.activeElement as HTMLInputElement | null)?.name));
    }
    expect(seen).toEqual(["email", "name", "company", "message", ""]);
    await visitor.leave();
  });
});
