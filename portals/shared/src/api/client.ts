//! The API, as its documents describe it. In: calls that the compiler knows. Out: what was answered, or a problem; never an exception.

import createClient, { type Client } from "openapi-fetch";
import type { components as Account, paths as AccountPaths } from "./generated/account";
import type { components as Billing, paths as BillingPaths } from "./generated/billing";
import type { components as Fte, paths as FtePaths } from "./generated/fte";
import type { components as Identity, paths as IdentityPaths } from "./generated/identity";
import type { components as Marketing, paths as MarketingPaths } from "./generated/marketing";
import { NETWORK, type Problem, problemOf } from "./problem";

/** Every route that portals ask. */
export type Paths = AccountPaths & BillingPaths & FtePaths & IdentityPaths & MarketingPaths;
/** The API. */
export type Api = Client<Paths>;
/** What Account answers and takes, by name. */
export type AccountSchemas = Account["schemas"];
/** What Billing answers and takes, by name. */
export type BillingSchemas = Billing["schemas"];
/** What Identity answers and takes, by name. */
export type IdentitySchemas = Identity["schemas"];
/** What Marketing answers and takes, by name. */
export type MarketingSchemas = Marketing["schemas"];
/** A plan with what it costs. */
export type Plan = Billing["schemas"]["Plan"];
/** What a plan costs in one currency for one interval. */
export type Price = Billing["schemas"]["Price"];
/** What a customer has proved. */
export type Verification = Identity["schemas"]["VerificationStatus"];
/** What the tests' service answers and takes, by name. */
export type TestSchemas = Fte["schemas"];
/** Work for a visitor's browser. */
export type Challenge = Marketing["schemas"]["CaptchaChallenge"];

/** How long an answer may take, in milliseconds: a little longer than services give themselves. */
const PATIENCE = 15_000;

/** The API of the page's own host. `send` is what asks, for tests; `patience`: how long an answer may take to its end, in milliseconds. */
export function createApi(
  send: (request: Request) => Promise<Response> = (request) => fetch(request),
  patience = PATIENCE,
): Api {
  const bounded = (request: Request) => send(new Request(request, { signal: AbortSignal.timeout(patience) }));
  return createClient<Paths>({ baseUrl: location.origin, fetch: bounded });
}

/** What came of a call. */
export type Answer<T> = { readonly data: T } | { readonly problem: Problem; readonly status: number };

/** Waits for a call. A status of 0 means that there was no answer. */
export async function answered<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<Answer<T | undefined>> {
  try {
    const { data, error, response } = await call;
    if (response.ok) {
      return { data };
    }
    const wait = waitOf(response);
    return { problem: { ...problemOf(error), ...(wait === undefined ? {} : { wait }) }, status: response.status };
  } catch {
    return { problem: NETWORK, status: 0 };
  }
}

/** `Retry-After` in seconds. Its other form, a date, depends on clocks and is none of ours. */
function waitOf(response: Response): number | undefined {
  const text = response.headers.get("retry-after") ?? "";
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
