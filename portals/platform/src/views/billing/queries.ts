//! What views about money have in common. `BILLING` is the first word of their keys.

import type { BillingSchemas, Plan } from "@rerp/shared/api";
import { taken, useApi } from "@rerp/shared/app";
import { type UseQueryResult, useQuery } from "@tanstack/solid-query";

export const BILLING = "billing";

export type Invoice = BillingSchemas["Invoice"];
export type PaymentMethod = BillingSchemas["PaymentMethod"];

/** Everything that is offered. */
export function usePlans(): UseQueryResult<readonly Plan[], Error> {
  const api = useApi();
  const load = async (): Promise<readonly Plan[]> => {
    const found = (await taken(api.GET("/api/billing/plans"))) as BillingSchemas["Plans"];
    return found.items;
  };
  return useQuery(() => ({ queryKey: [BILLING, "plans"], queryFn: load }));
}
