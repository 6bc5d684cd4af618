//! Whom those who run the platform look at, and what services answer about them, played.

import { expect } from "vitest";
import type { Asked } from "../../shared/test/played";
import { fill, heading, submit } from "./shown";

export const BEA = "0191f7a1-0000-7000-8000-000000000002";
export const ONE = "0191f7a1-0000-7000-8000-00000000000a";
export const AT = "2026-01-01T00:00:00Z";
export const WHY = "ticket 4711";
export const GONE = () => new Response(null, { status: 204 });

export const page =
  (...items: unknown[]) =>
  () =>
    Response.json({ items, next_cursor: null });

export const human = () =>
  Response.json({
    human_name_id: BEA,
    email_address_id: ONE,
    first_name: "Bea",
    surname: "Birch",
    username: null,
    version: 1,
    created_at: AT,
    updated_at: AT,
  });

export const account = () =>
  Response.json({
    account_id: ONE,
    human_name_id: BEA,
    kind: "personal",
    company_id: null,
    plan_id: null,
    version: 1,
    created_at: AT,
    updated_at: AT,
  });

export const erasure =
  (state: string, missing: readonly string[], status = 200) =>
  () =>
    Response.json(
      {
        erasure_id: BEA,
        human_name_id: BEA,
        state,
        requested_at: AT,
        completed_at: null,
        receipts: [{ service: "identity", received_at: AT, tables: [] }],
        missing,
      },
      { status },
    );

/** Says why, where that is asked. */
export async function say(reason = WHY): Promise<void> {
  await fill("reason", reason);
  submit("reason");
}

/** Opens somebody by the search. `title`: of the view that comes. */
export async function look(id: string, title: string): Promise<void> {
  await fill("who", id);
  await say();
  await heading(title);
}

/** Calls of the API. */
export const calls = (asked: readonly Asked[]) => asked.filter(({ name }) => name.includes(" /api/"));

/** Every call of the API says why. */
export function reasoned(asked: readonly Asked[], reason = WHY): void {
  expect(calls(asked).length).toBeGreaterThan(0);
  for (const { name, headers } of calls(asked)) {
    expect([name, headers.get("x-audit-reason")]).toEqual([name, reason]);
  }
}
