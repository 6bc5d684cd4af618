//! What customers come for, done on the running platform.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { codeIn, count, message, platform } from "../../../shared/test/platform";
import { browser, Visitor } from "../../../website/test/browser/visitor";
import { come, heading, open, settled } from "./customer";
import { certificate, quiz, scenario } from "./learning";
import { addCard, reconsider, subscribe } from "./paying";

const { customer, fresh } = platform().people;
/** Of this run: accounts and addresses of earlier ones stay. */
const RUN = Date.now().toString(36);

/** What takes the place of the sample's. */
const FORGOTTEN = "another horse battery";

let chromium: Browser;

beforeAll(async () => {
  chromium = await browser();
});
afterAll(() => chromium.close());

async function prove(page: Page, contact: string, send: () => Promise<void>): Promise<void> {
  const before = await count(contact);
  await send();
  await page.getByLabel("Code").fill(codeIn(await message(contact, before)));
  await page.getByRole("button", { name: "Prove it" }).click();
}

it("somebody new proves how they are reached", async () => {
  const visitor = await come(chromium, fresh);
  const { page } = visitor;
  await page.getByText("Not proved yet").first().waitFor();
  await visitor.judge("platform-customer-home-new");
  await page.goto("/verify");
  await heading(page, "Prove how we reach you");
  await settled(page);
  if (await page.getByText("Step 1 of 2").isVisible()) {
    await prove(page, fresh.contact, () => page.getByRole("button", { name: "Send me a code" }).click());
  }
  await page.getByText("Step 2 of 2").waitFor();
  await visitor.judge("platform-customer-verify");
  await page.getByLabel("Mobile number").fill(fresh.phone);
  await prove(page, fresh.phone, () => page.getByRole("button", { name: "Send me a code" }).click());
  await page.getByText("Both are proved").waitFor();
  await visitor.judge("platform-customer-proved");
  await visitor.leave();
});

it("a customer opens an account, gives it an address, and invites somebody", async () => {
  const visitor = await come(chromium, customer);
  const { page } = visitor;
  await open(page, "Accounts");
  await settled(page);
  await page.getByRole("link", { name: "Open an account" }).click();
  await heading(page, "Open an account");
  await page.getByLabel(/^Business/).check();
  await page.getByLabel("Name of the company").fill(`Sample ${RUN}`);
  await page.getByRole("button", { name: "Look it up" }).click();
  await page.getByText("isn't in the registry yet").waitFor();
  await visitor.judge("platform-customer-account-new");
  await page.getByRole("button", { name: "Open the account" }).click();
  await page.getByRole("link", { name: "Addresses" }).waitFor();
  await settled(page);
  await visitor.judge("platform-customer-account");
  await page.getByRole("link", { name: "Addresses" }).click();
  await page.getByRole("button", { name: "Add an address" }).click();
  await page.getByLabel("Street and number").fill("High Street 1");
  await page.getByLabel("Town").fill("Bath");
  await page.getByLabel("Country").selectOption({ label: "United Kingdom" });
  await visitor.judge("platform-customer-address");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("High Street 1", { exact: true }).waitFor();
  await visitor.judge("platform-customer-addresses");
  await page.getByRole("link", { name: "People" }).click();
  await settled(page);
  const before = await count(fresh.contact);
  await page.getByLabel("E-mail address").fill(fresh.contact);
  await page.getByRole("button", { name: "Invite" }).click();
  await page.getByRole("button", { name: /^Take back/ }).waitFor();
  await visitor.judge("platform-customer-people");
  await accept(await message(fresh.contact, before));
  await page.reload();
  await settled(page);
  await page.getByRole("button", { name: new RegExp(`^Take away.*${fresh.person}`) }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take it away" }).click();
  await page.getByText("The role is taken away.").waitFor();
  // That nobody has written a company down yet is answered so.
  await visitor.leave([/status of 404/]);
});

/** Whoever is invited follows the link in the mail, and sees the account. */
async function accept(mail: string): Promise<void> {
  const link = /http\S+#\S+/.exec(mail)?.[0] ?? "";
  const invited = await come(chromium, fresh, link.slice(platform().origins.customer.length));
  const { page } = invited;
  await heading(page, "Accept an invitation");
  await invited.judge("platform-customer-invitation");
  await page.getByRole("button", { name: "Accept" }).click();
  await page.waitForURL(/\/accounts\/[0-9a-f-]{36}$/);
  await page.getByText(`Sample ${RUN}`).first().waitFor();
  await invited.leave();
}

it("a customer sees where they are signed in, and takes along what is held of them", async () => {
  const visitor = await come(chromium, customer);
  const { page } = visitor;
  await open(page, "You");
  await settled(page);
  await visitor.judge("platform-customer-me");
  await page.goto("/me/sign-ins");
  await settled(page);
  await visitor.judge("platform-customer-sign-ins");
  const others = page.getByRole("button", { name: "End all others" });
  if (await others.isVisible()) {
    await others.click();
    await page.getByRole("dialog").getByRole("button", { name: "End all others" }).click();
    await page.getByText("All others have ended.").waitFor();
  }
  await page.goto("/me/data");
  await settled(page);
  await page.getByRole("button", { name: "Collect it" }).click();
  const file = page.waitForEvent("download");
  await page.getByRole("button", { name: /^Keep/ }).click();
  expect((await file).suggestedFilename()).toBe("rerp-data.json");
  await page.getByText("All of it is here.").waitFor();
  await visitor.judge("platform-customer-data");
  // A service that holds nothing of somebody says so.
  await visitor.leave([/status of 404/]);
});

it("a customer pays for a plan, thinks about another one, and keeps it", async () => {
  const visitor = await come(chromium, customer);
  await addCard(visitor);
  await subscribe(visitor, `Sample ${RUN}`);
  await reconsider(visitor);
  // What there isn't yet is answered so.
  await visitor.leave([/status of 404/]);
});

it("a customer passes a course, and everybody can check the certificate", async () => {
  const visitor = await come(chromium, customer);
  await quiz(visitor, `Sample ${RUN}`);
  await scenario(visitor, `Sample ${RUN}`);
  const address = await certificate(visitor, `Sample ${RUN}`);
  // One that was begun before is answered so, and gone on with.
  await visitor.leave([/status of 409/]);
  const stranger = await Visitor.come(chromium, platform().origins.customer);
  await stranger.page.goto(address);
  await stranger.page.getByText("This certificate is genuine and counts.").waitFor();
  await stranger.judge("platform-customer-certificate-checked");
  await stranger.leave();
});

it("somebody who forgot their password chooses another one", async () => {
  const visitor = await Visitor.come(chromium, platform().origins.customer);
  const { page } = visitor;
  await page.goto("/");
  await page.getByRole("link", { name: "I don't know my password" }).click();
  await heading(page, "Choose a new password");
  const before = await count(fresh.email);
  await page.getByLabel("E-mail address").fill(fresh.email);
  await page.getByRole("button", { name: "Send me a code" }).click();
  await heading(page, "Look into your mail");
  await page.getByLabel("Code from the mail").fill(codeIn(await message(fresh.email, before)));
  await page.getByLabel("New password").fill(FORGOTTEN);
  await visitor.judge("platform-customer-recovery");
  await page.getByRole("button", { name: "Change it and sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  await visitor.leave();
});

it("somebody changes how they are reached, and has everything erased", async () => {
  const visitor = await come(chromium, { ...fresh, password: FORGOTTEN }, "/me");
  const { page } = visitor;
  await page.getByRole("button", { name: "Change your e-mail address" }).click();
  const contact = `other-${RUN}@sample.example`;
  await page.getByLabel("E-mail address").fill(contact);
  await prove(page, contact, () => page.getByRole("button", { name: "Send me a code" }).click());
  await page.getByText("It is changed and proved.").waitFor();
  await visitor.judge("platform-customer-changed");
  await page.goto("/me/data");
  await page.getByRole("button", { name: "Erase me …" }).click();
  await page.getByLabel(/^Type/).fill("erase");
  await visitor.judge("platform-customer-erase");
  await page.getByRole("button", { name: "Erase me for good" }).click();
  await page.getByText("You are being erased").waitFor();
  await heading(page, "Sign in");
  await visitor.judge("platform-customer-erased");
  await visitor.leave([/status of 404/]);
});
