//! What an account was asked to pay, and what became of it, the newest first.

import { Loaded, When } from "@rerp/shared/app";
import { useParams } from "@solidjs/router";
import { For, type JSX, Show } from "solid-js";
import { Around } from "./Around";
import { type Invoice, useInvoices } from "./queries";
import { amount, invoiceState, paymentState } from "./words";

export default function Invoices(): JSX.Element {
  const params = useParams();
  const id = () => params.account ?? "";
  return (
    <Around id={id()} title="Invoices">
      {(account) => <List account={account().account_id} />}
    </Around>
  );
}

function List(props: { readonly account: string }): JSX.Element {
  const query = useInvoices(() => props.account);
  return (
    <Loaded query={query} what="invoices">
      {(found) => (
        <Show
          when={found()?.items.length}
          fallback={<p class="card">There is no invoice of this account that you pay for.</p>}
        >
          <ul class="records">
            <For each={[...(found()?.items ?? [])].reverse()}>{(each) => <Row invoice={each} />}</For>
          </ul>
          <Show when={found()?.isCut}>
            <p>There are more invoices than are shown here.</p>
          </Show>
        </Show>
      )}
    </Loaded>
  );
}

function Row(props: { readonly invoice: Invoice }): JSX.Element {
  const text = (value: number) => amount(value, props.invoice.currency);
  const isPartly = () => props.invoice.amount_paid > 0 && props.invoice.amount_paid < props.invoice.amount_due;
  const payment = () => paymentState(props.invoice);
  return (
    <li class="card record">
      <div>
        <p>
          <strong>{text(props.invoice.amount_due)}</strong>{" "}
          <span class="tag">{invoiceState(props.invoice.status)}</span>
        </p>
        <p class="small">
          <When at={props.invoice.created_at} isDay />
          <Show when={isPartly()}>; {text(props.invoice.amount_paid)} is paid of it</Show>
        </p>
        <Show when={payment()}>{(words) => <p class="small">{words()}</p>}</Show>
      </div>
    </li>
  );
}
