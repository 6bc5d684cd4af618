//! Whether an action is allowed, and why not, out of what was loaded.

import type { UseQueryResult } from "@tanstack/solid-query";
import type { Permission } from "./queries";

/** None while that isn't known. */
export function decided(query: UseQueryResult<readonly Permission[], Error>, action: string): Permission | undefined {
  return query.isSuccess ? query.data.find((each) => each.action === action) : undefined;
}
