//! What visitors come for, done on the running platform, with scripts and without.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { platform } from "../../../shared/test/platform";
import { browser, Visitor } from "../browser/visitor";

const RUN = Date.now().toString(36);

let chromium: Browser;

beforeAll(async () => {
  chromium = await browser();
});
afterAll(() => chromium.close());

const come = (options = {}) => Visitor.come(chromium, platform().origins.website, options);

it("the first page has the plans that are offered, and takes an address", async () => {
  const visitor = await (await come()).decided("needed");
  const { page } = visitor;
  await visitor.visit("/");
  await page.getByText("Sample", { exact: true }).first().waitFor();
  const form = page.locator('[data-island="hero"]');
  await form.getByLabel("E-mail address").fill(`visitor-${RUN}@example.com`);
  await form.getByRole("button").click();
  await form.getByText("Thank you").waitFor();
  await visitor.judge("platform-website-taken");
  await visitor.leave();
});

it("a message can be left without scripts", async () => {
  const visitor = await come({ javaScriptEnabled: false });
  const { page } = visitor;
  await page.goto("/contact");
  await page.getByLabel("Name").fill("Somebody");
  await page.getByLabel("E-mail address").fill(`message-${RUN}@example.com`);
  await page.getByLabel("Message").fill("Do you have a plan for schools?");
  await page.getByRole("button", { name: "Send message" }).click();
  await page.waitForURL(/\/thanks$/);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("Thank you");
  await visitor.leave();
});
