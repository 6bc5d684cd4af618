//! A browser without scripts: all of the text is there, and forms work.

import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { open, type Site } from "./site";
import { problem } from "./told";
import { browser, Visitor } from "./visitor";

const CAPTURE = "POST /api/marketing/email-capture";

let site: Site;
let chromium: Browser;

beforeAll(async () => {
  [site, chromium] = await Promise.all([open(), browser()]);
});
afterAll(async () => {
  await Promise.all([site.close(), chromium.close()]);
});
afterEach(() => site.gateway.reset());

/** Fills in and sends the form of the first page; returns what the browser then shows. */
async function send(email: string) {
  const visitor = await Visitor.come(chromium, site.origin, { javaScriptEnabled: false });
  const { page } = visitor;
  await page.goto("/");
  const form = page.locator('form[action="/forms/hero"]');
  await form.getByLabel("E-mail address").fill(email);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    page.waitForEvent("framenavigated"),
    form.getByRole("button").click(),
  ]);
  await page.waitForLoadState();
  const seen = { address: new URL(page.url()).pathname, status: answer.status(), html: await page.content() };
  await visitor.leave([/status of (4|5)\d\d/]);
  return seen;
}

describe("without scripts", () => {
  it("known and unknown addresses are answered alike", async () => {
    site.gateway.told.set(CAPTURE, { status: 201, body: { lead_id: "1" } });
    const unknown = await send("new@example.com");
    site.gateway.told.set(CAPTURE, { status: 200, body: { lead_id: "0", known: true } });
    const known = await send("known@example.com");
    expect(unknown.address).toBe("/thanks");
    expect(known).toEqual(unknown);
    expect(site.gateway.asked.map((asked) => asked.body)).toEqual([
      { email: "new@example.com", source: "hero" },
      { email: "known@example.com", source: "hero" },
    ]);
  });

  it("a form that is wrong, or can't be taken now, is answered by a page that says what to do", async () => {
    site.gateway.told.set(CAPTURE, problem(422, "invalid-value"));
    const refused = await send("refused@example.com");
    expect([refused.status, refused.html]).toEqual([422, expect.stringContaining("could not be taken as it is")]);
    site.gateway.told.set(CAPTURE, problem(429, "too-many-requests"));
    const busy = await send("busy@example.com");
    expect([busy.status, busy.html]).toEqual([429, expect.stringContaining("We can't take the form at the moment")]);
  });

  it("every form is on its page, and a browser's own checks guard it", async () => {
    const visitor = await Visitor.come(chromium, site.origin, { javaScriptEnabled: false });
    const { page } = visitor;
    await page.goto("/contact");
    await page.getByRole("button", { name: "Send message" }).click();
    expect(new URL(page.url()).pathname).toBe("/contact");
    await page.getByLabel("E-mail address").fill("somebody@example.com");
    await page.getByLabel("Name", { exact: true }).fill("Somebody");
    await page.getByLabel("Message").fill("Hello");
    await page.getByRole("button", { name: "Send message" }).click();
    await page.waitForURL("**/thanks");
    expect(site.gateway.asked.at(-1)?.body).toEqual({
      email: "somebody@example.com",
      name: "Somebody",
      message: "Hello",
    });
    await visitor.leave();
  });
});
