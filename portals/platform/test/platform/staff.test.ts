//! What staff do at their portal, done on the running platform.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { platform, settled } from "../../../shared/test/platform";
import { browser, NARROW, Visitor, WIDE } from "../../../website/test/browser/visitor";
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
/** What the authenticator has. */
let secret: string;

beforeAll(async () => {
  chromium = await browser();
});
afterAll(() => chromium.close());

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name }).waitFor();
const open = (page: Page, view: string) =>
  page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: view, exact: true }).click();

async function password(visitor: Visitor, email: string): Promise<void> {
  const { page } = visitor;
  await page.goto("/");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(tester.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Says why, where that is asked. */
async function explain(page: Page): Promise<void> {
  await page.getByLabel("Why do you look?").fill("Ticket 4712: what was left over");
  await page.getByRole("button", { name: "Go on" }).click();
  await settled(page);
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
  secret = ((await page.locator(".secret").textContent()) ?? "").replaceAll(/\s/g, "");
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

it("staff find a person by address", async () => {
  const { page } = staff;
  await open(page, "Search");
  await page.getByLabel("Identifier or e-mail address").fill(customer.contact);
  await page.getByLabel("Why do you look?").fill("Ticket 4713: a lost telephone");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(new RegExp(`/people/${customer.person}`));
  await settled(page);
  await page.locator(`nav a[href="/people/${customer.person}/tests"]`).first().click();
  await settled(page);
});

it("staff give more time and take it away, and revoke a certificate", async () => {
  const { page } = staff;
  await page.getByLabel("Percent of a module's time").fill("25");
  await page.getByRole("button", { name: "Set it" }).click();
  await page.getByText("It is set, for tests that begin from now on.").waitFor();
  await page.getByRole("button", { name: "Take it away" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take it away" }).click();
  await page.getByText("It is taken away.").waitFor();
  await page
    .getByRole("button", { name: /^Revoke/ })
    .first()
    .click();
  await page.getByLabel(/^Reason, as its owner/).fill("It was a sample.");
  await staff.judge("platform-staff-revoke", false);
  await page.getByRole("button", { name: "Revoke it" }).click();
  await page.getByText("The certificate is revoked.").waitFor();
});

it("staff take leads along as a file", async () => {
  const { page } = staff;
  await open(page, "Leads");
  await page.getByRole("navigation", { name: "Leads" }).getByRole("link", { name: "Leads", exact: true }).click();
  await explain(page);
  const file = page.waitForEvent("download");
  await page.getByRole("button", { name: "Get the file" }).click();
  expect((await file).suggestedFilename()).toBe("leads.csv");
  await page.getByText("The file is there.").waitFor();
});

it("staff have an event worked on again, and one that was given up go on", async () => {
  const { page } = staff;
  await open(page, "Stripe");
  await explain(page);
  await page
    .getByRole("button", { name: /^Again/ })
    .first()
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Work on it again" }).click();
  await page.getByText("It is worked on within seconds.").waitFor();
  await open(page, "Dead letters");
  await explain(page);
  await staff.judge("platform-staff-dead-letter");
  await page
    .getByRole("button", { name: /^Let it go on/ })
    .first()
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Let it go on" }).click();
  await page.getByText("It goes on within seconds").waitFor();
});

it("staff read who looked at what, the newest first", async () => {
  const { page } = staff;
  await open(page, "Audit trail");
  await explain(page);
  await page.getByText("Ticket 4713: a lost telephone").first().waitFor();
  await staff.judge("platform-staff-audit");
});

it("staff see the platform, and the split that has been", async () => {
  const { page } = staff;
  await open(page, "Platform");
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
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.setViewportSize(WIDE);
});

it("staff sign out, and in again with another code", async () => {
  const { page } = staff;
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await heading(page, "Sign in");
  await password(staff, tester.email);
  await page.getByLabel("Code from your authenticator").waitFor();
  await staff.judge("platform-staff-code");
  await page.getByLabel("Code from your authenticator").fill(shown(secret, Date.now()));
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading(page, "Search");
  // What somebody doesn't have is answered so; the overview asks again and again, and is left meanwhile.
  await staff.leave([/status of 404/, /ERR_ABORTED/]);
});
