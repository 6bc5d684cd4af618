//! What several parts of a person's views load. `PERSON` is the first word of every key, then the person, so that all of one is asked anew at once.

import type { AccountSchemas } from "@rerp/shared/api";
import { every, type Listed, taken, useApi } from "@rerp/shared/app";
import { type UseQueryResult, useQuery } from "@tanstack/solid-query";

export const PERSON = "person";

export type ListedAccount = AccountSchemas["ListedAccount"];

/** Rows of a list that is read whole. */
const MOST = 100;

/** The accounts in which somebody has a role. */
export function useAccounts(person: string): UseQueryResult<Listed<ListedAccount>, Error> {
  const api = useApi();
  const load = () =>
    every<ListedAccount>((cursor) => {
      const query = { human_name_id: person, limit: MOST, ...cursor };
      return taken(api.GET("/api/accounts", { params: { query } }));
    });
  return useQuery(() => ({ queryKey: [PERSON, person, "accounts"], queryFn: load }));
}
