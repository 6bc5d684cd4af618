//! What staff do at their portal, done on the running platform.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { platform, settled } from "../../../shared/test/platform";
import { browser, NARROW, Visitor } from "../../../website/test/browser/visitor";
import { shown } from "./totp";

const { customer, tester } = platform().people;
const VIEWS = ["/", "/leads", "/leads/list", "/leads/messages", "/leads/suppressions", "/offer"].concat([
  "/offer/modules",
  "/platform",
  "/audit",
  "/dead-letters",
  "/stripe",
  "/nowhere",
]);

let chromium: Browser;
/** One who signs in once: an authenticator's code is good once, and the next one comes half a minute later. */
let staff: Visitor;

beforeAll(async () => {
  chromium = await browser();
});
afterAll(() => chromium.close());

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name }).waitFor();

async function password(visitor: Visitor, email: string): Promise<void> {
  const { page } = visitor;
  await page.goto("/");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(tester.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

it("a customer's password opens nothing", async () => {
  const visitor = await Visitor.come(chromium, platform().origins.platform);
  await password(visitor, customer.email);
  await visitor.page
    .getByRole("alert")
    .filter({ hasText: /\w/ })
    .or(visitor.page.getByText("This portal is for staff"))
    .first()
    .waitFor();
  expect(await visitor.page.getByRole("navigation", { name: "Main" }).count()).toBe(0);
  await visitor.leave([/status of 4\d\d/]);
});

it("staff set up an authenticator", async () => {
  staff = await Visitor.come(chromium, platform().origins.platform);
  const { page } = staff;
  await password(staff, tester.email);
  await heading(page, "Set up your authenticator");
  await staff.judge("platform-staff-enrol");
  const secret = ((await page.locator(".secret").textContent()) ?? "").replaceAll(/\s/g, "");
  await page.getByLabel("Code from your authenticator").fill(shown(secret, Date.now()));
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading(page, "Search");
  await staff.judge("platform-staff-search");
});

it("staff find a person, and say why", async () => {
  const { page } = staff;
  await page.getByLabel("Identifier or e-mail address").fill(customer.person);
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByText("It is written down").waitFor();
  await page.getByLabel("Why do you look?").fill("Ticket 4711: cannot sign in");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(/\/people\//);
  for (const part of ["", "/accounts", "/billing", "/tests"]) {
    await page.locator(`nav a[href="/people/${customer.person}${part}"]`).first().click();
    await settled(page);
    await page.getByText("Ticket 4711").waitFor();
    await staff.judge(`platform-staff-person${part.replace("/", "-")}`);
  }
});

it("staff see the platform, and the split that has been", async () => {
  const { page } = staff;
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Platform" }).click();
  await heading(page, "Platform");
  await page.getByRole("rowheader", { name: "gateway" }).waitFor();
  await staff.judge("platform-staff-platform");
  await page.getByRole("link", { name: "identity", exact: true }).first().click();
  await page.waitForURL(/\/platform\/migrations\/identity$/);
  await settled(page);
  await staff.judge("platform-staff-migration");
});

it("every view is fit for a telephone in a dark room", async () => {
  const { page } = staff;
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await page.setViewportSize(NARROW);
  for (const view of VIEWS) {
    await settled(page);
    await page.goto(view);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await settled(page);
    await staff.judge(`platform-staff${view.replaceAll("/", "-")}-dark-narrow`);
  }
  // What somebody doesn't have is answered so; the overview asks again and again, and is left meanwhile.
  await staff.leave([/status of 404/, /ERR_ABORTED/]);
});
