//! Who holds something of a person, and how each is asked for it. In: an identifier. Out: one file out of what they say.

import type { Api, IdentitySchemas } from "@rerp/shared/api";
import { Failure, taken } from "@rerp/shared/app";

/** What one service holds, as all of them say it. */
export type Held = IdentitySchemas["Export"];

/** A service that holds something. */
export interface Holder {
  readonly name: string;
  /** For people. */
  readonly what: string;
  /** Null: nothing is held there. Throws a `Failure`. */
  ask(): Promise<Held | null>;
}

export function holders(api: Api, human_name_id: string): readonly Holder[] {
  const params = { path: { human_name_id } };
  return [
    holder("identity", "Name and contacts", () =>
      taken(api.GET("/api/identity/user/{human_name_id}/export", { params })),
    ),
    holder("account", "Accounts, roles and addresses", () =>
      taken(api.GET("/api/accounts/people/{human_name_id}/export", { params })),
    ),
    holder("billing", "Plans and payments", () =>
      taken(api.GET("/api/billing/people/{human_name_id}/export", { params })),
    ),
    holder("fte", "Tests and certificates", () => taken(api.GET("/api/fte/people/{human_name_id}/export", { params }))),
    holder("marketing", "Messages and consents", () =>
      taken(api.GET("/api/marketing/people/{human_name_id}/export", { params })),
    ),
  ];
}

function holder(name: string, what: string, call: () => Promise<unknown>): Holder {
  const ask = async (): Promise<Held | null> => {
    try {
      return (await call()) as Held;
    } catch (error) {
      // Whom a service doesn't know, of them it holds nothing. A route that isn't there is another matter.
      if (error instanceof Failure && error.problem.kind === "not-found") {
        return null;
      }
      throw error;
    }
  };
  return { name, what, ask };
}

/** The file. What couldn't be had is named in it, so that nobody takes it for whole. */
export function assembled(human_name_id: string, held: readonly Held[], missing: readonly string[]): string {
  return JSON.stringify({ human_name_id, missing, services: held }, undefined, 2);
}
