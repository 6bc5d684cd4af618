//! Sign-ins, as the API has them: listed with this one first, and ended.

import type { IdentitySchemas } from "@rerp/shared/api";
import { every, Failure, type Listed, ROWS, taken, useApi, usePerson, useSession } from "@rerp/shared/app";
import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/solid-query";
import { sessionOf } from "./present";

export type SignIn = IdentitySchemas["SignIn"];

export interface Found extends Listed<SignIn> {
  /** Which one this is; none where its token doesn't say. */
  readonly present: string | undefined;
}

/** What can be done with them. What ends one throws a `Failure`. */
export interface SignIns {
  readonly query: UseQueryResult<Found, Error>;
  reload(): void;
  endOne(session_id: string): Promise<unknown>;
  endOthers(others: readonly SignIn[]): Promise<void>;
  endAll(): Promise<void>;
}

export function useSignIns(): SignIns {
  const api = useApi();
  const session = useSession();
  const queries = useQueryClient();
  const { person: human_name_id } = usePerson()();
  const path = { human_name_id };
  const key = ["identity", "sign-ins", human_name_id];
  const page = (cursor: { readonly cursor?: string }) => {
    const params = { path, query: { limit: ROWS, ...cursor } };
    return taken(api.GET("/api/identity/sessions/{human_name_id}", { params })) as Promise<
      IdentitySchemas["PageOfSignIn"]
    >;
  };
  const load = async (): Promise<Found> => {
    const [{ items, isCut }, token] = await Promise.all([every<SignIn>(page), session.token(human_name_id)]);
    const present = sessionOf(token);
    const isPresent = (each: SignIn) => Number(each.session_id === present);
    const order = (a: SignIn, b: SignIn) => isPresent(b) - isPresent(a) || b.seen_at.localeCompare(a.seen_at);
    return { items: items.toSorted(order), isCut, present };
  };
  const endOne = (session_id: string) => {
    const params = { path: { human_name_id, session_id } };
    return taken(api.DELETE("/api/identity/sessions/{human_name_id}/{session_id}", { params }));
  };
  return {
    query: useQuery(() => ({ queryKey: key, queryFn: load })),
    reload: () => void queries.invalidateQueries({ queryKey: key }),
    endOne,
    // One by one: what is ended stays so when a later one fails, and doing it again ends the rest.
    endOthers: async (others) => {
      for (const each of others) {
        await endOne(each.session_id);
      }
    },
    endAll: async () => {
      await taken(api.DELETE("/api/identity/sessions/{human_name_id}", { params: { path } }));
      const problem = await session.signOut();
      if (problem) {
        throw new Failure(problem, 0);
      }
    },
  };
}
