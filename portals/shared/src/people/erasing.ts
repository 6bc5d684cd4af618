//! Erasing somebody. In: who. Out: whether they are being erased, how far that is, and a way to begin it.

import type { Problem } from "@rerp/shared/api";
import { attempt, orNone, taken, useApi } from "@rerp/shared/app";
import { type UseQueryResult, useQuery } from "@tanstack/solid-query";
import { createEffect, on } from "solid-js";
import { createFollowing, type Erasure, type Following } from "./following";

export interface Erasing {
  /** Null: nobody has asked for it. */
  readonly query: UseQueryResult<Erasure | null, Error>;
  readonly following: Following;
  /** Asks for it. */
  begin(): Promise<Problem | undefined>;
}

/** `name`: by what it is kept. `ended`: everything is erased. */
export function createErasing(person: string, name: readonly unknown[], ended: () => void): Erasing {
  const api = useApi();
  const params = { path: { human_name_id: person } };
  const ask = async () => (await taken(api.GET("/api/identity/user/{human_name_id}/erasure", { params }))) as Erasure;
  const following = createFollowing(ask, ended);
  const query = useQuery(() => ({ queryKey: name, queryFn: () => orNone(ask()) }));
  // One that began before goes on to be followed here.
  createEffect(
    on(
      () => (query.isSuccess ? query.data : undefined),
      (found) => {
        if (found && !following.last()) {
          following.begin(found);
        }
      },
    ),
  );
  const begin = () =>
    attempt(async () => {
      following.begin((await taken(api.DELETE("/api/identity/user/{human_name_id}", { params }))) as Erasure);
    });
  return { query, following, begin };
}
