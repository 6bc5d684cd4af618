//! What customers do to learn: questions, a scenario at a market, and the certificate.

import type { Page } from "playwright-core";
import type { Visitor } from "../../../website/test/browser/visitor";
import { heading, open, settled } from "./customer";

/** Decisions that a scenario takes to count, at as many bars. */
const DECISIONS = 5;

/** Begins a test of an account's, or goes on with the one that runs. */
export async function begin(page: Page, title: string, account: string): Promise<void> {
  await open(page, "Tests");
  await settled(page);
  const accounts = page.getByLabel("Take tests for");
  if (await accounts.isVisible()) {
    await accounts.selectOption({ label: account });
  }
  await page.getByRole("button", { name: new RegExp(`: ${title}$`) }).click();
  await heading(page, "Test");
  await page.getByRole("heading", { name: "Question 1 of 1" }).waitFor();
}

/** Hands a test in whose one question is answered, and passes. */
async function handIn(page: Page): Promise<void> {
  await page.getByText("All answers are saved.").waitFor();
  await page.getByRole("button", { name: "Look through and hand in" }).click();
  await page.getByRole("button", { name: "Hand in", exact: true }).last().click();
  await page.getByRole("heading", { name: "Passed", exact: true }).waitFor();
}

export async function quiz(visitor: Visitor, account: string): Promise<void> {
  const { page } = visitor;
  await begin(page, "Risk and reward", account);
  await visitor.judge("platform-customer-question");
  await page.getByLabel("It becomes a market order at its price").check();
  await handIn(page);
  await visitor.judge("platform-customer-passed");
}

export async function scenario(visitor: Visitor, account: string): Promise<void> {
  const { page } = visitor;
  await begin(page, "Trading a chart", account);
  await page.getByLabel("How many bars are there?").fill("60");
  await page.getByText("All answers are saved.").waitFor();
  await page.getByRole("textbox", { name: /^Bars/ }).fill("60");
  await page.getByRole("button", { name: "Begin a scenario" }).click();
  await heading(page, "Scenario");
  for (let order = 0; order < DECISIONS; order += 1) {
    await page.getByLabel("Quantity").fill("1");
    await page.getByRole("button", { name: "Place the order" }).click();
    await page.getByRole("rowheader", { name: String(order + 1), exact: true }).waitFor();
    const left = await page.getByText(/\d+ to come$/).textContent();
    await page.getByRole("button", { name: "Next bar" }).click();
    await page.getByText(`${Number.parseInt(left ?? "", 10) - 1} to come`, { exact: true }).waitFor();
  }
  await visitor.judge("platform-customer-market");
  await page.getByLabel("How many bars").selectOption({ label: "to the end" });
  await page.getByRole("button", { name: "Go on so far" }).click();
  await page.getByText("Every bar is visible.").waitFor();
  await visitor.judge("platform-customer-market-over");
  await page.getByRole("link", { name: "Back to the questions" }).click();
  await page.getByRole("heading", { name: "Question 1 of 1" }).waitFor();
  await handIn(page);
}

/** Passes the last test; gives the address at which everybody can check the certificate. */
export async function certificate(visitor: Visitor, account: string): Promise<string> {
  const { page } = visitor;
  await begin(page, "Final assessment", account);
  await page.getByLabel("A limit order").check();
  await handIn(page);
  await page.getByRole("link", { name: "All tests" }).click();
  await settled(page);
  await visitor.judge("platform-customer-course-done");
  await open(page, "Certificates");
  await settled(page);
  await visitor.judge("platform-customer-certificates-one");
  await page.getByRole("listitem").filter({ hasText: "Valid" }).first().getByRole("link").click();
  await heading(page, "Certificate");
  await visitor.judge("platform-customer-certificate");
  return page.getByLabel("Address").inputValue();
}
