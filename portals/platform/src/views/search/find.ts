//! Whom or what an identifier or an address is of. In: what was typed, and the API of whoever says why. Out: where to look at it; none where nothing has it.

import type { Api, IdentitySchemas } from "@rerp/shared/api";
import { Failure, taken } from "@rerp/shared/app";

export type Found = IdentitySchemas["PersonFound"];

const IDENTIFIER = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An identifier as it is written down; none where a text isn't one. */
export function identifier(text: string): string | undefined {
  const id = text.trim().toLowerCase();
  return IDENTIFIER.test(id) ? id : undefined;
}

/** Where a person or an account is looked at. Throws a `Failure` where somebody couldn't be asked. */
export async function find(api: Api, id: string): Promise<string | undefined> {
  const human = { params: { path: { human_name_id: id } } };
  if (await isThere(api.GET("/api/identity/user/{human_name_id}", human))) {
    return `/people/${id}`;
  }
  if (await isThere(api.GET("/api/accounts/{account_id}", { params: { path: { account_id: id } } }))) {
    return `/accounts/${id}`;
  }
  // Of whoever is erased that much is left.
  return (await isThere(api.GET("/api/identity/user/{human_name_id}/erasure", human))) ? `/people/${id}` : undefined;
}

/** Whose present address it is. Throws a `Failure`. */
export async function findByEmail(api: Api, email: string, reason: string): Promise<readonly Found[]> {
  const params = { query: { email }, header: { "x-audit-reason": reason } };
  const { items } = (await taken(api.GET("/api/identity/people", { params }))) as IdentitySchemas["PeopleFound"];
  return items;
}

async function isThere(call: Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<boolean> {
  try {
    await taken(call);
    return true;
  } catch (error) {
    if (error instanceof Failure && error.status === 404) {
      return false;
    }
    throw error;
  }
}
