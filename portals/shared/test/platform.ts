//! The running platform, as the tests in a browser find it. In: `RERP_PLATFORM`, a file that names addresses and people. Out: those, what came by mail or text, and a
//! wait for what a page loads.

import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

export interface Login {
  readonly email: string;
  readonly password: string;
  /** Identity's identifier. */
  readonly person: string;
  /** The address and the telephone that identity knows. */
  readonly contact: string;
  readonly phone: string;
}

export interface Platform {
  readonly origins: { readonly website: string; readonly customer: string; readonly platform: string };
  /** The stand-ins, among them everybody's mailbox. */
  readonly sandbox: string;
  readonly people: { readonly customer: Login; readonly fresh: Login; readonly staff: Login; readonly tester: Login };
}

/** How long a message may take, in milliseconds. */
const SOON = 20_000;
const PAUSE = 250;

export function platform(): Platform {
  const path = process.env.RERP_PLATFORM;
  if (!path) {
    throw new Error("RERP_PLATFORM names no file: cargo xtask portals runs these tests");
  }
  return JSON.parse(readFileSync(path, "utf8"));
}

async function messages(to: string): Promise<readonly { readonly text: string }[]> {
  const answer = await fetch(`${platform().sandbox}/sandbox/messages?to=${encodeURIComponent(to)}`);
  return ((await answer.json()) as { messages: { text: string }[] }).messages;
}

/** Waits until nothing on a page is loading. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
}

/** How many messages there are, to be told from one that comes. */
export async function count(to: string): Promise<number> {
  return (await messages(to)).length;
}

/** The words of the first message after so many. */
export async function message(to: string, after: number): Promise<string> {
  for (const end = Date.now() + SOON; Date.now() < end; ) {
    const next = (await messages(to))[after];
    if (next) {
      return next.text;
    }
    await new Promise((done) => setTimeout(done, PAUSE));
  }
  throw new Error(`no message came to ${to}`);
}

/** The code in a message. */
export function codeIn(text: string): string {
  const code = /\b\d{6}\b/.exec(text)?.[0];
  if (!code) {
    throw new Error(`there is no code in: ${text}`);
  }
  return code;
}
