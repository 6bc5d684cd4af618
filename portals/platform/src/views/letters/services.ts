//! Services that give up events, and how each is asked for them.

import type { Api, IdentitySchemas } from "@rerp/shared/api";
import { taken } from "@rerp/shared/app";
import { type Cursor, type PageOf, ROWS } from "../../parts/Paged";

/** An event that was given up: all services say it alike. */
export type Letter = IdentitySchemas["DeadLetter"];

export const SERVICES = [
  { value: "identity", label: "Identity" },
  { value: "accounts", label: "Account" },
  { value: "billing", label: "Billing" },
  { value: "marketing", label: "Marketing" },
  { value: "fte", label: "Tests" },
] as const;

export type Service = (typeof SERVICES)[number]["value"];

export function isService(text: string): text is Service {
  return SERVICES.some(({ value }) => value === text);
}

export async function letters(api: Api, service: Service, cursor: Cursor): Promise<PageOf<Letter>> {
  const params = { query: { limit: ROWS, ...cursor } };
  return (await taken(api.GET(`/api/${service}/dead-letters`, { params }))) as PageOf<Letter>;
}

/** Lets an event go on. Throws a `Failure`. */
export async function replay(api: Api, service: Service, id: string, reason: string): Promise<void> {
  const params = { path: { id }, header: { "x-audit-reason": reason } };
  await taken(api.POST(`/api/${service}/dead-letters/{id}/replay`, { params }));
}
