//! Forms of all three portals, filled in while domains move to databases of their own. Nobody is shown an error.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shown } from "../../../platform/test/platform/totp";
import { platform } from "../../../shared/test/platform";
import { browser, Visitor } from "../../../website/test/browser/visitor";
import { come, heading, open, settled } from "../platform/customer";
import { begin } from "../platform/learning";
import { addCard, plan, subscribe } from "../platform/paying";
import { again } from "./together";

const { origins, people } = platform();
const RUN = Date.now().toString(36);
/** Between two forms, in milliseconds: people look at what comes of one. From one address the website takes thirty forms a minute. */
const BRISK = 500;
const UNHURRIED = 2_500;
/** How long a domain stays at most where its data can change hands, unless it waits for somebody, in milliseconds. */
const PASSING = 5_000;

let chromium: Browser;

beforeAll(async () => {
  chromium = await browser();
});
afterAll(() => chromium.close());

describe.concurrent("while domains move", () => {
  it("visitors leave addresses and messages", async () => {
    const visitor = await (await Visitor.come(chromium, origins.website)).decided("needed");
    const { page } = visitor;
    let count = 0;
    const address = async () => {
      await visitor.visit("/");
      const form = page.locator('[data-island="hero"]');
      count += 1;
      await form.getByLabel("E-mail address").fill(`during-${RUN}-${count}@example.com`);
      await form.getByRole("button").click();
      await form.getByText("Thank you").waitFor();
    };
    const message = async () => {
      await visitor.visit("/contact");
      await page.getByLabel("Name").fill("Somebody");
      await page.getByLabel("E-mail address").fill(`during-${RUN}@example.com`);
      await page.getByLabel("Message").fill(`Is this number ${count}?`);
      await page.getByRole("button", { name: "Send message" }).click();
      await page.getByText("Thank you").first().waitFor();
    };
    await again(page, "website", [address, message], UNHURRIED);
    await visitor.leave();
  });

  it("a customer changes a name and an address, ends and keeps a plan, and answers questions", async () => {
    const visitor = await come(chromium, people.customer);
    const { page } = visitor;
    const account = `During ${RUN}`;
    await opened(visitor, account);
    await addCard(visitor);
    await subscribe(visitor, account);
    let count = 0;
    const name = async () => {
      count += 1;
      await open(page, "You");
      await page.getByLabel("Surname").fill(`Sample ${count}`);
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Your name is saved.").waitFor();
    };
    const address = async () => {
      await open(page, "Accounts");
      await page.getByRole("link", { name: account }).first().click();
      await page.getByRole("link", { name: "Addresses" }).click();
      await settled(page);
      await page.getByRole("button", { name: /^Change/ }).click();
      await page.getByLabel("Street and number").fill(`High Street ${count}`);
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("The address is changed.").waitFor();
    };
    const ending = async () => {
      await plan(page, account);
      await page.getByRole("button", { name: "End with the period" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "End with the period" }).click();
      await page.getByText("It ends with its period.", { exact: true }).waitFor();
      await page.getByRole("button", { name: "Let it go on" }).click();
      await page.getByText("It goes on.", { exact: true }).waitFor();
    };
    const answer = async () => {
      await begin(page, "Risk and reward", account);
      for (const choice of ["It closes the market", "It becomes a market order at its price"]) {
        await page.getByLabel(choice).check();
        await page.getByText("All answers are saved.").waitFor();
      }
    };
    await again(page, "customer", [name, address, ending, answer], BRISK);
    // That a test runs already is answered so, and somebody goes on with it.
    await visitor.leave([/status of 404/, /status of 409/]);
  });

  it("staff search for people, and watch", async () => {
    const visitor = await Visitor.come(chromium, origins.platform);
    const { page } = visitor;
    await page.goto("/");
    await page.getByLabel("E-mail address").fill(people.tester.email);
    await page.getByLabel("Password").fill(people.tester.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await heading(page, "Set up your authenticator");
    const secret = ((await page.locator(".secret").textContent()) ?? "").replaceAll(/\s/g, "");
    await page.getByLabel("Code from your authenticator").fill(shown(secret, Date.now()));
    await page.getByRole("button", { name: "Sign in" }).click();
    await heading(page, "Search");
    let count = 0;
    const search = async () => {
      count += 1;
      await open(page, "Search");
      await page.getByLabel("Identifier or e-mail address").fill(people.customer.person);
      await page.getByLabel("Why do you look?").fill(`Ticket ${count}: a split goes on`);
      await page.getByRole("button", { name: "Search" }).click();
      await page.waitForURL(/\/people\//);
      await settled(page);
    };
    let isTurned = false;
    const watch = async () => {
      await open(page, "Platform");
      await page.getByRole("rowheader", { name: "gateway" }).waitFor();
      isTurned = isTurned || (await turned(page));
    };
    await again(page, "platform", [search, watch], BRISK);
    expect(isTurned, "no domain could go back").toBe(true);
    // What somebody doesn't have is answered so; the overview asks again and again, and is left meanwhile.
    await visitor.leave([/status of 404/, /ERR_ABORTED/]);
  });
});

/** Has a domain that stays where data can change hands go back and move again; false where none stays there. */
async function turned(page: Page): Promise<boolean> {
  const there = page.getByRole("row").filter({ hasText: "The new database has the data" });
  if (!(await there.first().isVisible())) {
    return false;
  }
  await there.first().getByRole("link").click();
  await page.waitForURL(/\/platform\/migrations\//);
  await settled(page);
  // Those that pass go on within a moment.
  await new Promise((done) => setTimeout(done, PASSING));
  if (!(await page.getByRole("button", { name: "Take it back" }).isVisible())) {
    return false;
  }
  await turn(page, "Take it back", "The old database has the data again");
  await turn(page, "Go forward", "The new database has the data");
  return true;
}

async function turn(page: Page, button: string, phase: string): Promise<void> {
  await page.getByRole("button", { name: button }).click();
  await page.getByRole("dialog").getByRole("button", { name: button }).click();
  await page.getByText("It is asked for.").waitFor();
  await page.getByText(phase).first().waitFor();
}

/** A customer's account with an address. */
async function opened({ page }: Visitor, account: string): Promise<void> {
  await open(page, "Accounts");
  await settled(page);
  await page.getByRole("link", { name: "Open an account" }).click();
  await page.getByLabel(/^Business/).check();
  await page.getByLabel("Name of the company").fill(account);
  await page.getByRole("button", { name: "Look it up" }).click();
  await page.getByText("isn't in the registry yet").waitFor();
  await page.getByRole("button", { name: "Open the account" }).click();
  await page.getByRole("link", { name: "Addresses" }).click();
  await page.getByRole("button", { name: "Add an address" }).click();
  await page.getByLabel("Street and number").fill("High Street 1");
  await page.getByLabel("Town").fill("Bath");
  await page.getByLabel("Country").selectOption({ label: "United Kingdom" });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The address is added.").waitFor();
}
