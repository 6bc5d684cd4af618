//! Somebody with a browser. Everything that a page says on the console, fails to load or throws is kept, and makes the test fail that caused it, unless it said
//! that it would.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Response,
} from "playwright-core";
import { expect } from "vitest";
import { named } from "./site";

/** Where pictures of pages go; none: none are made. */
const SHOTS = process.env.RERP_SHOTS;
/** The longest that anything on a page may take, in milliseconds. */
const LONGEST = 60_000;

export const WIDE = { width: 1280, height: 800 };
/** A telephone; also a page at 400 % on a small screen, in which nothing may lie beside it. */
export const NARROW = { width: 320, height: 640 };

/** A browser without a window. Its sandbox needs more rights than root has in a container; it meets our own pages only. */
export function browser(): Promise<Browser> {
  return chromium.launch({ executablePath: named("RERP_CHROMIUM"), args: ["--no-sandbox", "--disable-gpu"] });
}

export class Visitor {
  /** Those who haven't left. */
  static readonly here = new Set<Visitor>();
  readonly #context: BrowserContext;
  readonly page: Page;
  readonly #wrong: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.setDefaultTimeout(LONGEST);
    page.on("console", (message) => this.#wrong.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => this.#wrong.push(`thrown: ${error.message}`));
    page.on("requestfailed", (failed) => this.#wrong.push(`failed: ${failed.url()} ${failed.failure()?.errorText}`));
    page.on("request", (asked) => {
      if (new URL(asked.url()).origin !== new URL(page.url() === "about:blank" ? asked.url() : page.url()).origin) {
        this.#wrong.push(`asked elsewhere: ${asked.url()}`);
      }
    });
  }

  static async come(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ baseURL: origin, viewport: WIDE, reducedMotion: "reduce", ...options });
    // Not through the page: its policy forbids that, as it should.
    await context.addInitScript(axe.source);
    const visitor = new Visitor(context, await context.newPage());
    Visitor.here.add(visitor);
    return visitor;
  }

  /** As somebody who was asked before what may be remembered. */
  async decided(choice: "needed" | "more"): Promise<this> {
    await this.#context.addInitScript((kept) => localStorage.setItem("rerp.choices", kept), `1:${choice}`);
    return this;
  }

  /** Goes to an address, and waits until everything is there. */
  async visit(path: string): Promise<Response | null> {
    const answer = await this.page.goto(path);
    await this.page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
    return answer;
  }

  /** Whether axe finds anything, whether the page is wider than its window, and a picture: of the whole page, or of what is in the window. */
  async judge(name: string, whole = true): Promise<void> {
    await this.page.evaluate(() => document.fonts.ready);
    if (SHOTS) {
      await mkdir(SHOTS, { recursive: true });
      await this.page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: whole });
    }
    const found = await this.page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
      return violations.map(({ id, nodes }) => [id, ...nodes.map((node) => `${node.html} ${node.failureSummary}`)]);
    });
    expect(found, name).toEqual([]);
    const over = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(over, `${name} is wider than its window`).toBeLessThanOrEqual(0);
  }

  /** What the page shows in this moment, and what it has said on the console: for whoever wants to know why somebody got no further. */
  async tell(name: string): Promise<string> {
    if (SHOTS) {
      await mkdir(SHOTS, { recursive: true });
      await this.page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
    }
    const text = await this.page.locator("body").textContent();
    return [this.page.url(), text, ...this.#wrong].join("\n");
  }

  /** What was said on the console and what failed; a browser says there, too, when an answer is no success. */
  async leave(expected: readonly RegExp[] = []): Promise<void> {
    Visitor.here.delete(this);
    await this.#context.close();
    expect(this.#wrong.filter((wrong) => !expected.some((pattern) => pattern.test(wrong)))).toEqual([]);
  }
}
