//! The accounts in which somebody may take tests: a session belongs to one.

import { useApi, usePerson } from "@rerp/shared/app";
import { useQuery } from "@tanstack/solid-query";
import { asked } from "./call";

/** Pages at most: nobody is in more accounts than that. */
const MOST_PAGES = 10;

export interface Choosable {
  readonly id: string;
  readonly name: string;
}

/** One's accounts, those for companies by the company's name. */
export function useAccounts() {
  const api = useApi();
  const person = usePerson();
  const load = async () => {
    const found: Choosable[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = cursor ? { cursor, limit: 200 } : { limit: 200 };
      const { items, next_cursor } = await asked(() => api.GET("/api/accounts", { params: { query } }));
      found.push(...items.map((row) => ({ id: row.account_id, name: row.display_name ?? "Your personal account" })));
      if (!next_cursor) {
        break;
      }
      cursor = next_cursor;
    }
    return found;
  };
  return useQuery(() => ({ queryKey: ["fte", "accounts", person().person], queryFn: load }));
}
