//! A customer at their browser, on the running platform.

import type { Browser, Page } from "playwright-core";
import { type Login, platform } from "../../../shared/test/platform";
import { Visitor } from "../../../website/test/browser/visitor";

export { settled } from "../../../shared/test/platform";

export const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name }).waitFor();

/** Comes to an address, and signs in there. */
export async function come(browser: Browser, who: Login, path = "/", options = {}): Promise<Visitor> {
  const visitor = await Visitor.come(browser, platform().origins.customer, options);
  const { page } = visitor;
  await page.goto(path);
  await heading(page, "Sign in");
  await page.getByLabel("E-mail address").fill(who.email);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  return visitor;
}

/** Goes on by the navigation, as people do. */
export async function open(page: Page, view: string, title = view): Promise<void> {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: view, exact: true }).click();
  await heading(page, title);
}
