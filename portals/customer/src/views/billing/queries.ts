//! What views of billing load, each asked once for all of them.

import type { BillingSchemas, Plan } from "@rerp/shared/api";
import { every, type Listed, orNone, ROWS, taken, useApi, usePerson } from "@rerp/shared/app";
import { type QueryClient, type UseQueryResult, useQuery } from "@tanstack/solid-query";

export type Preview = BillingSchemas["PricePreview"];
export type Subscription = BillingSchemas["Subscription"];
export type PaymentMethod = BillingSchemas["PaymentMethod"];
export type Invoice = BillingSchemas["Invoice"];
export type Identification = BillingSchemas["Verification"];

/** The first of every key here. */
export const BILLING = "billing";

/** A subscription, and the version that a change of it means. */
export interface Present {
  readonly subscription: Subscription;
  readonly version: string;
}
type Call = Promise<{ data?: Subscription; error?: unknown; response: Response }>;

/** Waits for a call that answers a subscription. */
export async function present(call: Call): Promise<Present> {
  const subscription = (await taken(call)) as Subscription;
  return { subscription, version: (await call).response.headers.get("etag") ?? "" };
}

export function usePlans(): UseQueryResult<readonly Plan[], Error> {
  const api = useApi();
  const load = async () => ((await taken(api.GET("/api/billing/plans"))) as BillingSchemas["Plans"]).items;
  return useQuery(() => ({ queryKey: [BILLING, "plans"], queryFn: load }));
}

/** How often it is looked whether Stripe has said something new, in milliseconds. */
const LOOK = 2_000;
const keyOf = (account: string) => [BILLING, "subscription", account];

/** The newest subscription of an account that one has asked for; null: none. It is looked at again and again until `hurry`, while Stripe owes a word about it. */
export function useSubscription(
  account: () => string,
  hurry: () => number = () => 0,
): UseQueryResult<Present | null, Error> {
  const api = useApi();
  const load = (account_id: string) =>
    orNone(present(api.GET("/api/billing/subscription/{account_id}", { params: { path: { account_id } } })));
  return useQuery(() => ({
    queryKey: keyOf(account()),
    queryFn: () => load(account()),
    refetchInterval: (query) => {
      const status = query.state.data?.subscription.status;
      return Date.now() < hurry() && (status === null || status === "incomplete") ? LOOK : false;
    },
  }));
}

/** What a change has answered is what there is now. */
export function keep(queries: QueryClient, account: string, now: Present): void {
  queries.setQueryData(keyOf(account), now);
  void queries.invalidateQueries({ queryKey: [BILLING, "invoices", account] });
}

export function reload(queries: QueryClient, account: string): Promise<void> {
  return queries.invalidateQueries({ queryKey: keyOf(account) });
}

/** Whether it is proved who pays for an account; null: nobody has begun to. */
export function useIdentification(account: () => string): UseQueryResult<Identification | null, Error> {
  const api = useApi();
  const load = (account_id: string) =>
    orNone(
      taken(api.GET("/api/billing/kyc/status/{account_id}", { params: { path: { account_id } } })).then(
        (found) => found as Identification,
      ),
    );
  return useQuery(() => ({ queryKey: [BILLING, "kyc", account()], queryFn: () => load(account()) }));
}

/** One's own payment methods; looked at again and again until `hurry`, for Stripe tells of a new one when it is there. */
export function useMethods(hurry: () => number): UseQueryResult<Listed<PaymentMethod>, Error> {
  const api = useApi();
  const person = usePerson();
  const load = (human_name_id: string) =>
    every<PaymentMethod>(
      (cursor) =>
        taken(
          api.GET("/api/billing/payment-methods/{human_name_id}", {
            params: { path: { human_name_id }, query: { limit: ROWS, ...cursor } },
          }),
        ) as Promise<BillingSchemas["PageOfPaymentMethod"]>,
    );
  return useQuery(() => ({
    queryKey: [BILLING, "methods", person().person],
    queryFn: () => load(person().person),
    refetchInterval: () => (Date.now() < hurry() ? LOOK : false),
  }));
}

/** The invoices of an account that one has asked for; null: there has never been a subscription. */
export function useInvoices(account: () => string): UseQueryResult<Listed<Invoice> | null, Error> {
  const api = useApi();
  const load = (account_id: string) =>
    orNone(
      every<Invoice>(
        (cursor) =>
          taken(
            api.GET("/api/billing/invoices/{account_id}", {
              params: { path: { account_id }, query: { limit: ROWS, ...cursor } },
            }),
          ) as Promise<BillingSchemas["PageOfInvoice"]>,
      ),
    );
  return useQuery(() => ({ queryKey: [BILLING, "invoices", account()], queryFn: () => load(account()) }));
}
