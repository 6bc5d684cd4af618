//! What visitors come for, done on the running platform, with scripts and without.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { platform } from "../../../shared/test/platform";
import { browser, NARROW, Visitor, WIDE } from "../browser/visitor";

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

it("a plan leads to its trial", async () => {
  const visitor = await (await come()).decided("needed");
  const { page } = visitor;
  await visitor.visit("/");
  await page.getByLabel("Yearly").check();
  await page.getByRole("link", { name: "Try Sample" }).click();
  const form = page.locator("#trial");
  await form.getByText("Plan: Sample").waitFor();
  await form.getByLabel("E-mail address").fill(`trial-${RUN}@example.com`);
  await page.getByRole("button", { name: "Ask for a free trial" }).click();
  await form.getByText("Thank you").waitFor();
  await visitor.judge("platform-website-trial");
  await visitor.leave();
});

it("whoever leaves is reminded, and leaves an address with a keyboard alone", async () => {
  const visitor = await (await come()).decided("more");
  const { page } = visitor;
  await page.clock.install();
  await visitor.visit("/");
  await page.clock.fastForward(60_000);
  await page.dispatchEvent("html", "mouseleave", { clientY: -1 });
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await visitor.judge("platform-website-reminder", false);
  await page.keyboard.type(`leaving-${RUN}@example.com`);
  await page.keyboard.press("Enter");
  await page.getByText("We'll write to the address that you left.").waitFor();
  await dialog.waitFor({ state: "detached" });
  await visitor.leave();
});

it("a visitor says what may be remembered, and reads every page, in a dark room, on a telephone, at 200 %", async () => {
  for (const how of [
    { colorScheme: "dark" as const, viewport: NARROW },
    { viewport: { width: WIDE.width / 2, height: WIDE.height / 2 }, deviceScaleFactor: 2 },
  ]) {
    const visitor = await come(how);
    const { page } = visitor;
    await visitor.visit("/");
    await page.getByRole("button", { name: "Only what is needed" }).click();
    const links = await page.getByRole("contentinfo").getByRole("link").all();
    const pages = await Promise.all(links.map((link) => link.getAttribute("href")));
    const own = [...new Set(["/", "/contact", ...pages])].filter(
      (path) => path?.startsWith("/") && !path.includes("#"),
    );
    expect(own.length).toBeGreaterThan(3);
    for (const path of own) {
      await visitor.visit(path ?? "/");
      await visitor.judge(`platform-website${path?.replaceAll("/", "-")}-${how.colorScheme ?? "magnified"}`);
    }
    await visitor.leave();
  }
});

it("forms keep what was typed while the network fails, and are taken when it is back", async () => {
  const visitor = await (await come()).decided("needed");
  const { page } = visitor;
  await visitor.visit("/contact");
  await page.route("**/api/**", (route) => route.abort("connectionfailed"));
  await page.getByLabel("E-mail address").fill(`away-${RUN}@example.com`);
  await page.getByLabel("Name", { exact: true }).fill("Somebody");
  await page.getByLabel("Message").fill("Are you there?");
  await page.getByRole("button", { name: "Send message" }).click();
  await page.locator(".notice-wrong").first().waitFor();
  await visitor.judge("platform-website-failing");
  await page.unroute("**/api/**");
  expect(await page.getByLabel("Message").inputValue()).toBe("Are you there?");
  await page.getByRole("button", { name: "Send message" }).click();
  await page.getByText("Thank you").first().waitFor();
  await visitor.leave([/ERR_CONNECTION_FAILED/]);
});
