//! Whether it is known who pays for an account (KYC).

import type { BillingSchemas } from "@rerp/shared/api";
import { Loaded, orNone, taken, useApi, When } from "@rerp/shared/app";
import { useQuery } from "@tanstack/solid-query";
import { type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { PersonLink } from "../account/PersonLink";
import { BILLING } from "./queries";

type Data = BillingSchemas["Verification"];

export function Kyc(props: { readonly account: string }): JSX.Element {
  const api = useApi();
  const load = () => {
    const params = { path: { account_id: props.account } };
    return orNone(taken(api.GET("/api/billing/kyc/status/{account_id}", { params })) as Promise<Data>);
  };
  const query = useQuery(() => ({ queryKey: [BILLING, props.account, "kyc"], queryFn: load }));
  return (
    <Section title="Who pays (KYC)">
      <Loaded query={query} what="who pays">
        {(found) => (
          <Show when={found()} fallback={<p class="card">Nobody has begun to prove who pays.</p>}>
            {(verification) => (
              <dl class="facts card">
                <dt>State</dt>
                <dd>{verification().verification_status.replaceAll("_", " ")}</dd>
                <dt>Person</dt>
                <dd>
                  <PersonLink person={verification().human_name_id} />
                </dd>
                <dt>Proved</dt>
                <dd>
                  <Show when={verification().verified_at} fallback="Not yet">
                    {(at) => <When at={at()} />}
                  </Show>
                </dd>
                <dt>Number</dt>
                <dd>{verification().verification_id}</dd>
              </dl>
            )}
          </Show>
        )}
      </Loaded>
    </Section>
  );
}
