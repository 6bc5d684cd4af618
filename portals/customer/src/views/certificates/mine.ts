//! One's certificates, the newest first.

import { useApi, usePerson } from "@rerp/shared/app";
import { useQuery } from "@tanstack/solid-query";
import { asked } from "../tests/call";
import type { Certificate } from "../tests/types";

/** Pages at most, of 200 certificates each. */
const MOST_PAGES = 10;

export function useCertificates() {
  const api = useApi();
  const person = usePerson();
  const load = async (id: string) => {
    const found: Certificate[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const params = { path: { id }, query: cursor ? { cursor, limit: 200 } : { limit: 200 } };
      const { items, next_cursor } = await asked(() => api.GET("/api/fte/certificates/{id}", { params }));
      found.push(...items);
      if (!next_cursor) {
        break;
      }
      cursor = next_cursor;
    }
    return found.reverse();
  };
  return useQuery(() => ({
    queryKey: ["fte", "certificates", person().person],
    queryFn: () => load(person().person),
  }));
}
