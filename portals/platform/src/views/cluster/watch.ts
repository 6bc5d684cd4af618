//! What is asked again and again while somebody looks. In: what asks. Out: a query, and how often it goes: every two seconds while something moves, every ten
//! otherwise, ever less often while it fails. A page that nobody sees asks nothing.

import { type UseQueryResult, useQuery } from "@tanstack/solid-query";

const FAST = 2_000;
const SLOW = 10_000;
const LONGEST = 60_000;

/** Until the next question, in milliseconds. `failures`: since the last answer. */
export function pace(isMoving: boolean, failures: number): number {
  if (failures > 0) {
    return Math.min(SLOW * 2 ** (failures - 1), LONGEST);
  }
  return isMoving ? FAST : SLOW;
}

export function useWatched<T>(
  name: string,
  load: () => Promise<T>,
  isMoving: (data: T) => boolean = () => false,
): UseQueryResult<T, Error> {
  let failures = 0;
  const queryFn = async () => {
    try {
      const data = await load();
      failures = 0;
      return data;
    } catch (error) {
      failures += 1;
      throw error;
    }
  };
  return useQuery<T>(() => ({
    queryKey: ["cluster", name],
    queryFn,
    // The next one comes by itself.
    retry: false,
    staleTime: 0,
    refetchIntervalInBackground: false,
    refetchInterval: ({ state }) => pace(state.data !== undefined && isMoving(state.data as T), failures),
  }));
}
