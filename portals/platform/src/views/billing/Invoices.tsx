//! The invoices of an account, page by page.

import { taken, useApi, When } from "@rerp/shared/app";
import { money } from "@rerp/shared/money";
import { For, type JSX } from "solid-js";
import { Paged, type PageOf, ROWS } from "../../parts/Paged";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { BILLING, type Invoice } from "./queries";

export function Invoices(props: { readonly account: string }): JSX.Element {
  const api = useApi();
  const amount = (minor: number, currency: string) => money(minor, currency, navigator.language);
  return (
    <Section title="Invoices">
      <Paged<Invoice>
        name={[BILLING, props.account, "invoices"]}
        what="invoices"
        none="There are no invoices yet."
        load={(cursor) => {
          const params = { path: { account_id: props.account }, query: { limit: ROWS, ...cursor } };
          return taken(api.GET("/api/billing/invoices/{account_id}", { params })) as Promise<PageOf<Invoice>>;
        }}
      >
        {(items) => (
          <Table label="Invoices" columns={["Made", "Due", "Paid", "State", "Payment", "Identifier"]}>
            <For each={items()}>
              {(each) => (
                <tr>
                  <td>
                    <When at={each.created_at} isDay />
                  </td>
                  <td class="number">{amount(each.amount_due, each.currency)}</td>
                  <td class="number">{amount(each.amount_paid, each.currency)}</td>
                  <td>{each.status}</td>
                  <td>{each.payment_status ?? "None yet"}</td>
                  <td>{each.invoice_id}</td>
                </tr>
              )}
            </For>
          </Table>
        )}
      </Paged>
    </Section>
  );
}
