//! What somebody pays with, and for each of their accounts what is paid.

import { Loaded, taken, useApi } from "@rerp/shared/app";
import { accountName } from "@rerp/shared/people";
import { For, type JSX, Show } from "solid-js";
import { Fold } from "../../parts/Fold";
import { Paged, type PageOf, ROWS } from "../../parts/Paged";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { Money } from "../billing/Money";
import { BILLING, type PaymentMethod } from "../billing/queries";
import { useAccounts } from "./queries";
import { Within } from "./Within";

export default function Billing(): JSX.Element {
  return (
    <Within title="Billing">
      {(person) => (
        <>
          <Methods person={person} />
          <Accounts person={person} />
        </>
      )}
    </Within>
  );
}

function Methods(props: { readonly person: string }): JSX.Element {
  const api = useApi();
  return (
    <Section title="Payment methods">
      <Paged<PaymentMethod>
        name={[BILLING, props.person, "methods"]}
        what="payment methods"
        none="There are none."
        load={(cursor) => {
          const params = { path: { human_name_id: props.person }, query: { limit: ROWS, ...cursor } };
          return taken(api.GET("/api/billing/payment-methods/{human_name_id}", { params })) as Promise<
            PageOf<PaymentMethod>
          >;
        }}
      >
        {(items) => (
          <Table label="Payment methods" columns={["Card", "Good until", "Usable", "Identifier"]}>
            <For each={items()}>
              {(each) => (
                <tr>
                  <td>{each.last4 ? `${each.brand ?? "card"} … ${each.last4}` : "Not finished at Stripe"}</td>
                  <td>{each.exp_month && each.exp_year ? `${each.exp_month}/${each.exp_year}` : "Not known"}</td>
                  <td>{each.usable ? "Yes" : "No"}</td>
                  <td>{each.payment_method_id}</td>
                </tr>
              )}
            </For>
          </Table>
        )}
      </Paged>
    </Section>
  );
}

function Accounts(props: { readonly person: string }): JSX.Element {
  const query = useAccounts(props.person);
  return (
    <Section title="By account">
      <Loaded query={query} what="accounts">
        {(found) => (
          <Show when={found().items.length > 0} fallback={<p class="card">They are in no account.</p>}>
            <For each={found().items}>
              {(each) => (
                <Fold label={`${accountName(each.kind, each.display_name)}, ${each.account_id}`}>
                  <Money account={each.account_id} />
                </Fold>
              )}
            </For>
          </Show>
        )}
      </Loaded>
    </Section>
  );
}
