//! Every view on the running platform as different people have it: dark, on a telephone, magnified, with a keyboard alone, on a network that is slow or fails.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { platform } from "../../../shared/test/platform";
import { browser, NARROW, type Visitor, WIDE } from "../../../website/test/browser/visitor";
import { come, heading, open, settled } from "./customer";

const { customer } = platform().people;
const VIEWS = ["/", "/accounts", "/accounts/new", "/invitation", "/me", "/me/sign-ins", "/me/data"].concat([
  "/verify",
  "/tests",
  "/certificates",
  "/certificates/verify/none",
  "/nowhere",
]);
/** A window of 1280 pixels at 200 %. */
const MAGNIFIED = { width: WIDE.width / 2, height: WIDE.height / 2 };
/** How long a slow answer takes, in milliseconds. */
const SLOW = 1_500;

let chromium: Browser;

beforeAll(async () => {
  chromium = await browser();
});
afterAll(() => chromium.close());

async function all(visitor: Visitor, how: string): Promise<void> {
  for (const view of VIEWS) {
    // What is asked for is waited for: a browser calls it failed when somebody goes on before.
    await settled(visitor.page);
    await visitor.page.goto(view);
    await visitor.page.getByRole("heading", { level: 1 }).waitFor();
    await settled(visitor.page);
    await visitor.judge(`platform-customer${view.replaceAll("/", "-")}-${how}`);
  }
  // A certificate that there isn't is one that doesn't count.
  await visitor.leave([/status of 404/]);
}

it("are fit for a dark room, on a telephone", async () => {
  await all(await come(chromium, customer, "/", { colorScheme: "dark", viewport: NARROW }), "dark-narrow");
});

it("are fit for 200 %", async () => {
  await all(await come(chromium, customer, "/", { viewport: MAGNIFIED, deviceScaleFactor: 2 }), "magnified");
});

it("are reached with a keyboard alone", async () => {
  const visitor = await come(chromium, customer);
  const { page } = visitor;
  await settled(page);
  const focus = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  for (const view of ["Accounts", "Tests", "Certificates"]) {
    for (let step = 0; step < 30 && (await focus()) !== view; step += 1) {
      await page.keyboard.press("Shift+Tab");
    }
    await page.keyboard.press("Enter");
    await heading(page, view);
    // Whoever comes to a view begins at its heading.
    await expect.poll(focus).toBe(view);
  }
  await visitor.leave();
});

it("say that they load, on a network that is slow", async () => {
  const visitor = await come(chromium, customer);
  const { page } = visitor;
  await settled(page);
  await page.route("**/api/**", async (route) => {
    await new Promise((done) => setTimeout(done, SLOW));
    await route.continue();
  });
  await open(page, "Accounts");
  await page.getByText("Loading").first().waitFor({ state: "attached" });
  await visitor.judge("platform-customer-slow");
  await page.getByRole("link", { name: "Open an account" }).waitFor();
  await visitor.leave();
});

it("say what to do on a network that fails, and go on when it is back", async () => {
  const visitor = await come(chromium, customer);
  const { page } = visitor;
  await settled(page);
  await page.route("**/api/**", (route) => route.abort("connectionfailed"));
  await open(page, "Accounts");
  const again = page.getByRole("button", { name: "Try again" });
  await again.waitFor();
  await visitor.judge("platform-customer-failing");
  await page.unroute("**/api/**");
  await again.click();
  await page.getByRole("link", { name: "Open an account" }).waitFor();
  await visitor.leave([/ERR_CONNECTION_FAILED/]);
});
