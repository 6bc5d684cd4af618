//! The API, as its documents describe it. In: calls that the compiler knows. Out: what was answered, or a problem; never an exception.

import createClient, { type Client } from "openapi-fetch";
import type { components as Billing, paths as BillingPaths } from "./generated/billing";
import type { components as Marketing, paths as MarketingPaths } from "./generated/marketing";
import { NETWORK, type Problem, problemOf } from "./problem";

/** Every route that portals ask. */
export type Paths = BillingPaths & MarketingPaths;
/** The API. */
export type Api = Client<Paths>;
/** A plan with what it costs. */
export type Plan = Billing["schemas"]["Plan"];
/** What a plan costs in one currency for one interval. */
export type Price = Billing["schemas"]["Price"];
/** Work for a visitor's browser. */
export type Challenge = Marketing["schemas"]["CaptchaChallenge"];

/** How long an answer may take, in milliseconds: a little longer than services give themselves. */
const PATIENCE = 15_000;

/** The API of the page's own host. `send` is what asks, for tests. */
export function createApi(send: (request: Request) => Promise<Response> = (request) => fetch(request)): Api {
  const bounded = (request: Request) => send(new Request(request, { signal: AbortSignal.timeout(PATIENCE) }));
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
    return response.ok ? { data } : { problem: problemOf(error), status: response.status };
  } catch {
    return { problem: NETWORK, status: 0 };
  }
}
