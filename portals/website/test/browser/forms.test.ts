//! Forms and plans in a browser with scripts, in every state that they have.

import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { open, type Site } from "./site";
import { problem } from "./told";
import { browser, Visitor } from "./visitor";

const CAPTURE = "POST /api/marketing/email-capture";
/** Letters of other sizes may move a page by so many pixels. */
const STEP = 8;
const PLANS = "GET /api/billing/plans";

let site: Site;
let chromium: Browser;
let visitor: Visitor;

beforeAll(async () => {
  [site, chromium] = await Promise.all([open(), browser()]);
});
afterAll(async () => {
  await Promise.all([site.close(), chromium.close()]);
});
afterEach(() => site.gateway.reset());

async function come(path: string): Promise<Visitor["page"]> {
  visitor = await Visitor.come(chromium, site.origin);
  await visitor.decided("more");
  await visitor.visit(path);
  return visitor.page;
}

describe("a form", () => {
  it("says the same to known and unknown addresses, and is sent once however often it is pressed", async () => {
    const said: string[] = [];
    for (const answer of [{ status: 201, body: { lead_id: "1" } }, { status: 202 }]) {
      site.gateway.told.set(CAPTURE, answer);
      const page = await come("/");
      const form = page.locator('[data-island="hero"]');
      await form.getByLabel("E-mail address").fill("somebody@example.com");
      await form.getByRole("button").dblclick();
      await form.getByText("Thank you").waitFor();
      said.push(await form.innerHTML());
      await visitor.judge("home-taken");
      await visitor.leave();
    }
    expect(said[0]).toBe(said[1]);
    const bodies = site.gateway.asked.map((asked) => asked.body);
    expect(bodies).toEqual(Array(2).fill({ email: "somebody@example.com", source: "hero" }));
  });

  it("names what is wrong at the field, and goes there", async () => {
    const page = await come("/contact");
    await page.getByLabel("E-mail address").fill("nobody");
    await page.getByRole("button", { name: "Send message" }).click();
    await expect.poll(() => page.evaluate(() => (document.activeElement as HTMLInputElement).name)).toBe("email");
    expect(await page.locator(".mistake").count()).toBe(3);
    expect(site.gateway.asked).toEqual([]);
    await visitor.judge("contact-mistakes");
    await visitor.leave();
  });

  it("shows what the API finds wrong with a field", async () => {
    const errors = [{ pointer: "/email", detail: "This is no address." }];
    site.gateway.told.set(CAPTURE, problem(422, "invalid-value", { errors }));
    const page = await come("/");
    const form = page.locator('[data-island="hero"]');
    await form.getByLabel("E-mail address").fill("somebody@example.com");
    await form.getByRole("button").click();
    await form.locator(".mistake, .notice-wrong").waitFor();
    await visitor.judge("home-mistake");
    await visitor.leave([/422/]);
  });

  it("keeps what was typed while it can't be taken, and is the same one the second time", async () => {
    site.gateway.told.set(
      "POST /api/marketing/contact",
      problem(503, "dependency-unavailable", { request_id: "0a1b" }),
    );
    const page = await come("/contact");
    await page.getByLabel("E-mail address").fill("somebody@example.com");
    await page.getByLabel("Name", { exact: true }).fill("Somebody");
    await page.getByLabel("Message").fill("Hello");
    await page.getByRole("button", { name: "Send message" }).click();
    await page.getByText("Please try again in a moment").waitFor();
    await visitor.judge("contact-busy");
    site.gateway.told.clear();
    expect(await page.getByLabel("Message").inputValue()).toBe("Hello");
    await page.getByRole("button", { name: "Send message" }).click();
    await page.getByText("Thank you").waitFor();
    await visitor.judge("contact-taken");
    const keys = new Set(site.gateway.asked.map((asked) => asked.key));
    expect(keys.size).toBe(1);
    await visitor.leave([/503/]);
  });
});

describe("plans", () => {
  it("have a place while they load, and move nothing when they come", async () => {
    let come = () => {};
    site.gateway.hold = new Promise((resolve) => {
      come = resolve;
    });
    visitor = await Visitor.come(chromium, site.origin);
    await visitor.decided("more");
    const { page } = visitor;
    await page.goto("/");
    await page.locator('.plans[aria-busy="true"]').waitFor();
    await visitor.judge("plans-loading");
    const below = () => page.locator("#trial").evaluate((element) => element.getBoundingClientRect().top);
    const before = await below();
    come();
    await page.getByText("Pro", { exact: true }).waitFor();
    expect(Math.abs((await below()) - before)).toBeLessThanOrEqual(STEP);
    await visitor.leave();
  });

  it("follow what is chosen, and go on to the trial", async () => {
    const page = await come("/");
    await page.getByLabel("Yearly").check();
    await page.getByText("€190").waitFor();
    await visitor.judge("plans-yearly");
    await page.getByRole("link", { name: "Try Pro" }).click();
    await page.locator("#trial").getByText("Plan: Pro").waitFor();
    await visitor.judge("trial-with-plan");
    await page.locator("#trial").getByLabel("E-mail address").fill("somebody@example.com");
    await page.getByRole("button", { name: "Ask for a free trial" }).click();
    await page.locator("#trial").getByText("Thank you").waitFor();
    expect(site.gateway.asked.at(-1)?.body).toMatchObject({ plan_code: "pro", source: "free_trial" });
    await visitor.leave();
  });

  it("are not offered, or can't be had, and the page says so", async () => {
    site.gateway.told.set(PLANS, { status: 200, body: { items: [] } });
    await (await come("/")).getByText("No plan is offered right now").waitFor();
    await visitor.judge("plans-none");
    await visitor.leave();
    site.gateway.told.set(PLANS, problem(503, "dependency-unavailable"));
    const page = await come("/");
    await page.getByText("We can't show prices right now").waitFor();
    await visitor.judge("plans-failed");
    site.gateway.told.clear();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Pro", { exact: true }).waitFor();
    await visitor.leave([/503/]);
  });
});

describe("what a browser remembers", () => {
  it("is asked for first, and again for whoever wants", async () => {
    visitor = await Visitor.come(chromium, site.origin);
    const { page } = visitor;
    await visitor.visit("/");
    await visitor.judge("choices");
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await page.getByRole("button", { name: "Only what is needed" }).click();
    await page.getByRole("button", { name: "What this browser remembers" }).click();
    await page.getByRole("button", { name: "That is fine" }).click();
    await page.getByText("Your browser may remember it.").waitFor();
    await visitor.judge("choices-noted");
    expect(await page.context().cookies()).toEqual([]);
    await visitor.leave();
  });
});

describe("somebody who leaves", () => {
  it("is shown a reminder that a keyboard can answer and close", async () => {
    visitor = await Visitor.come(chromium, site.origin);
    await visitor.decided("more");
    const { page } = visitor;
    await page.clock.install();
    await visitor.visit("/");
    await page.clock.fastForward(60_000);
    await page.dispatchEvent("html", "mouseleave", { clientY: -1 });
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await visitor.judge("reminder", false);
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).name)).toBe("email");
    for (let step = 0; step < 6; step += 1) {
      await page.keyboard.press("Tab");
      expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await visitor.leave();
  });
});
