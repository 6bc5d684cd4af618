//! The subscription of an account.

import type { BillingSchemas } from "@rerp/shared/api";
import { Loaded, orNone, taken, useApi, When } from "@rerp/shared/app";
import { useQuery } from "@tanstack/solid-query";
import { type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { PersonLink } from "../account/PersonLink";
import { BILLING, usePlans } from "./queries";

type Data = BillingSchemas["Subscription"];

export function Subscription(props: { readonly account: string }): JSX.Element {
  const api = useApi();
  const load = () => {
    const params = { path: { account_id: props.account } };
    return orNone(taken(api.GET("/api/billing/subscription/{account_id}", { params })) as Promise<Data>);
  };
  const query = useQuery(() => ({ queryKey: [BILLING, props.account, "subscription"], queryFn: load }));
  return (
    <Section title="Subscription">
      <Loaded query={query} what="the subscription">
        {(found) => (
          <Show when={found()} fallback={<p class="card">This account has none.</p>}>
            {(subscription) => <Facts subscription={subscription()} />}
          </Show>
        )}
      </Loaded>
    </Section>
  );
}

function Facts(props: { readonly subscription: Data }): JSX.Element {
  const plans = usePlans();
  const plan = () => {
    const all = plans.isSuccess ? plans.data : [];
    return all.find((each) => each.plan_id === props.subscription.plan_id)?.name ?? props.subscription.plan_id;
  };
  return (
    <dl class="facts card">
      <dt>Plan</dt>
      <dd>{plan()}</dd>
      <dt>State</dt>
      <dd>{props.subscription.status?.replaceAll("_", " ") ?? "Stripe hasn't answered yet"}</dd>
      <dt>Lets in</dt>
      <dd>
        <Access entitlement={props.subscription.entitlement} />
      </dd>
      <dt>Paid by</dt>
      <dd>
        <PersonLink person={props.subscription.human_name_id} />
      </dd>
      <Show when={props.subscription.trial_end}>
        {(at) => (
          <>
            <dt>Trial until</dt>
            <dd>
              <When at={at()} />
            </dd>
          </>
        )}
      </Show>
      <Show when={props.subscription.current_period_end}>
        {(at) => (
          <>
            <dt>{props.subscription.cancel_at_period_end ? "Ends" : "Goes on"}</dt>
            <dd>
              <When at={at()} />
            </dd>
          </>
        )}
      </Show>
    </dl>
  );
}

function Access(props: { readonly entitlement: Data["entitlement"] }): JSX.Element {
  return (
    <Show
      when={props.entitlement.access === "grace" && props.entitlement}
      fallback={props.entitlement.access === "full" ? "Yes" : "No"}
    >
      {(grace) => (
        <>
          Yes, though unpaid, until <When at={grace().until} />
        </>
      )}
    </Show>
  );
}
