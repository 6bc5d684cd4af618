//! Signing in, staying so and out, in a real browser: with a cookie that no script reads, in several tabs, with nothing but a keyboard.

import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browser, NARROW, Visitor, WIDE } from "../../../website/test/browser/visitor";
import { EMAIL, open, PASSWORD, type Place } from "./place";

let place: Place;
let chromium: Browser;

beforeAll(async () => {
  [place, chromium] = await Promise.all([open(), browser()]);
});
afterAll(async () => {
  await Promise.all([place.close(), chromium.close()]);
});

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name }).waitFor();

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("E-mail address").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading(page, "Home");
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await heading(page, "Sign in");
}

describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
  it.each([WIDE, NARROW])("$width wide: every view and state", async (viewport) => {
    const visitor = await Visitor.come(chromium, place.origin, { colorScheme, viewport });
    const name = (view: string) => `customer-${view}-${colorScheme}-${viewport.width}`;
    const { page } = visitor;
    const answer = await page.goto("/");
    const policy = answer?.headers()["content-security-policy"] ?? "";
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/unsafe|\*|data:|blob:|https?:/);
    await heading(page, "Sign in");
    await visitor.judge(name("sign-in"));
    for (const [link, title] of [
      ["I don't know my password", "Choose a new password"],
      ["Back to signing in", "Sign in"],
    ] as const) {
      await page.getByRole("link", { name: link }).click();
      await heading(page, title);
      await expect.poll(() => page.title()).toBe(`${title} – RERP`);
      await visitor.judge(name(title.toLowerCase().replaceAll(" ", "-")));
    }
    await signIn(page);
    await page.getByText("Not proved yet").waitFor();
    await visitor.judge(name("home"));
    await page.getByRole("button", { name: "Your account" }).click();
    const menu = await page.getByRole("button", { name: "Sign out" }).locator("..").boundingBox();
    expect(menu?.x, "nothing lies beside the page").toBeGreaterThanOrEqual(0);
    await visitor.judge(name("menu"));
    await page.goto("/nowhere");
    await heading(page, "Nothing is here");
    await visitor.judge(name("nowhere"));
    await signOut(page);
    await visitor.leave();
  });
});

describe("a session", () => {
  it("lasts when the page is loaded again, and no script can read it", async () => {
    const visitor = await Visitor.come(chromium, place.origin);
    const { page } = visitor;
    await page.goto("/");
    await heading(page, "Sign in");
    await signIn(page);
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([
      { name: "__Host-rerp-session", httpOnly: true, secure: true, sameSite: "Strict", path: "/" },
    ]);
    expect(cookies[0]?.value).not.toContain("refresh");
    await page.reload();
    await heading(page, "Home");
    // Where a page was scrolled to is the router's, and all that a tab keeps.
    const kept = await page.evaluate(() => [document.cookie, localStorage.length, ...Object.keys(sessionStorage)]);
    expect(kept.filter((each) => each !== "solid-router:scroll")).toEqual(["", 0]);
    await signOut(page);
    expect(await page.context().cookies()).toEqual([]);
    await page.reload();
    await heading(page, "Sign in");
    await visitor.leave();
  });

  it("is renewed one tab at a time, and ends in all of them", async () => {
    const visitor = await Visitor.come(chromium, place.origin);
    const context: BrowserContext = visitor.page.context();
    await visitor.page.goto("/");
    await heading(visitor.page, "Sign in");
    await signIn(visitor.page);
    place.supabase.refreshes.length = 0;
    const others = await Promise.all([context.newPage(), context.newPage(), context.newPage()]);
    await Promise.all(others.map((page) => page.goto("/")));
    await Promise.all(others.map((page) => heading(page, "Home")));
    const shown = place.supabase.refreshes;
    expect(shown.length).toBeGreaterThanOrEqual(3);
    expect(new Set(shown).size, "no refresh token was shown twice").toBe(shown.length);
    await signOut(visitor.page);
    await Promise.all(others.map((page) => heading(page, "Sign in")));
    await visitor.leave();
  });

  it("isn't given for a wrong password", async () => {
    const visitor = await Visitor.come(chromium, place.origin);
    const { page } = visitor;
    await page.goto("/");
    await page.getByLabel("E-mail address").fill(EMAIL);
    await page.getByLabel("Password").fill("wrong password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Address or password isn't right").waitFor();
    await visitor.judge("customer-wrong-password");
    expect(await page.getByLabel("E-mail address").inputValue()).toBe(EMAIL);
    expect(await page.context().cookies()).toEqual([]);
    // Browsers name on the console what was refused.
    await visitor.leave([/422 \(Unprocessable/]);
  });
});

it("is all within reach of a keyboard", async () => {
  const visitor = await Visitor.come(chromium, place.origin);
  const { page } = visitor;
  await page.goto("/");
  await heading(page, "Sign in");
  const focus = () =>
    page.evaluate(
      () => document.activeElement?.textContent?.trim() || (document.activeElement as HTMLInputElement | null)?.name,
    );
  await page.keyboard.press("Tab");
  await page.keyboard.type(EMAIL);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await heading(page, "Home");
  await expect.poll(focus).toBe("Home");
  await page.reload();
  await heading(page, "Home");
  await page.keyboard.press("Tab");
  expect(await focus()).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("main");
  await page.reload();
  await heading(page, "Home");
  const views = await page.getByRole("navigation", { name: "Main" }).getByRole("link").allTextContents();
  expect(views[0]).toBe("Home");
  for (const expected of ["Skip to the content", "RERP", ...views, "Your account"]) {
    await page.keyboard.press("Tab");
    expect(await focus()).toBe(expected);
  }
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  expect(await focus()).toBe("Your account");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await focus()).toBe("Sign out");
  await page.keyboard.press("Enter");
  await heading(page, "Sign in");
  await visitor.leave();
});
