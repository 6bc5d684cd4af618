//! What customers do to pay: a card, a plan, the first payment.

import type { Page } from "playwright-core";
import type { Visitor } from "../../../website/test/browser/visitor";
import { heading, open, settled } from "./customer";

/** What the plan of the sample costs, as a button says it. */
export const YEARLY = "Choose : Sample, €190 a year";
export const MONTHLY = "See what it comes to : Sample, €19 a month";

async function choose(page: Page, card: string): Promise<void> {
  await page.getByLabel("Test card").selectOption(card);
}

/** Adds a card, which is in the list when Stripe has told of it. */
export async function addCard(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await open(page, "Plan", "Plan and payment");
  await settled(page);
  await visitor.judge("platform-customer-billing");
  await page.getByRole("link", { name: "Your payment methods" }).click();
  await heading(page, "Payment methods");
  await page.getByRole("button", { name: "Add a card" }).click();
  await choose(page, "pm_card_visa");
  await visitor.judge("platform-customer-card");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByText("Your card is added.").waitFor();
  await page
    .getByText(/Visa ending in/)
    .first()
    .waitFor();
  await visitor.judge("platform-customer-cards");
}

/** Goes to what an account pays. */
export async function plan(page: Page, account: string): Promise<void> {
  await open(page, "Plan", "Plan and payment");
  await settled(page);
  await page.getByRole("link", { name: account }).first().click();
  await heading(page, "Plan");
  await settled(page);
}

/** Subscribes for an account, and pays for the first time. */
export async function subscribe(visitor: Visitor, account: string): Promise<void> {
  const { page } = visitor;
  await plan(page, account);
  await visitor.judge("platform-customer-plan");
  await page.getByRole("button", { name: YEARLY }).click();
  await page.getByRole("button", { name: "Subscribe" }).waitFor();
  await visitor.judge("platform-customer-subscribe");
  await page.getByRole("button", { name: "Subscribe" }).click();
  const pay = page.getByRole("button", { name: "Pay and begin" });
  const runs = page.getByRole("button", { name: "End with the period" });
  await pay.or(runs).first().waitFor();
  if (await pay.isVisible()) {
    await choose(page, "pm_card_visa");
    await visitor.judge("platform-customer-first-payment");
    await pay.click();
  }
  await runs.waitFor();
  await settled(page);
  await visitor.judge("platform-customer-subscribed");
}

/** Looks what another price comes to and keeps to the present one; has the subscription end with its period, and go on after all; begins to prove who pays. */
export async function reconsider(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.getByRole("button", { name: MONTHLY }).click();
  await page.getByText("Due now", { exact: true }).waitFor();
  await visitor.judge("platform-customer-preview");
  await page.getByRole("button", { name: "Keep what I have" }).click();
  await page.getByRole("button", { name: "End with the period" }).click();
  await visitor.judge("platform-customer-ending", false);
  await page.getByRole("dialog").getByRole("button", { name: "End with the period" }).click();
  await page.getByText("It ends with its period.", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Let it go on" }).click();
  await page.getByText("It goes on.", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Prove who pays" }).click();
  await page.getByRole("button", { name: "Look how it stands" }).waitFor();
  await page
    .getByRole("navigation", { name: "Billing of this account" })
    .getByRole("link", { name: "Invoices" })
    .click();
  await heading(page, "Invoices");
  await settled(page);
  await visitor.judge("platform-customer-invoices");
}
