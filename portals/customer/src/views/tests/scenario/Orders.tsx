//! What is held, the orders with what became of them, and the rows of the ledger that were seen here.

import { Button } from "@rerp/shared/ui";
import { For, type JSX, Show } from "solid-js";
import { type Fate, type Order, orders } from "./orders";
import type { Figures, Row } from "./read";
import type { Run } from "./run";

const FATES: Readonly<Record<Fate, string>> = {
  open: "Open",
  filled: "Filled",
  cancelled: "Withdrawn",
  refused: "Refused: the cash didn't suffice",
  closed: "Filled or refused, before this page was opened",
  unknown: "Open or filled, before this page was opened",
};

const FIGURES: readonly (readonly [string, (figures: Figures) => string | undefined])[] = [
  ["Held", (figures) => figures.quantity],
  ["At an average of", (figures) => figures.average],
  ["Equity", (figures) => figures.equity],
  ["Cash", (figures) => figures.cash],
  ["Free", (figures) => figures.free],
  ["Set aside", (figures) => figures.locked],
  ["Realised", (figures) => figures.realised],
  ["Unrealised", (figures) => figures.unrealised],
  ["Fees", (figures) => figures.fees],
];

export function Position(props: { readonly figures: Figures }): JSX.Element {
  return (
    <dl class="figures">
      <For each={FIGURES}>
        {([name, value]) => (
          <Show when={value(props.figures)}>
            {(text) => (
              <div>
                <dt>{name}</dt>
                <dd>{text()}</dd>
              </div>
            )}
          </Show>
        )}
      </For>
    </dl>
  );
}

export function Orders(props: { readonly run: Run }): JSX.Element {
  const all = () => orders(props.run.scenario().user_actions, props.run.rows(), props.run.figures().openOrders);
  return (
    <section class="stack" aria-labelledby="orders">
      <h2 id="orders">Orders</h2>
      <Show when={all().length > 0} fallback={<p class="hint">No orders yet.</p>}>
        <section class="table-place" tabindex="0" aria-label="List of orders">
          <table>
            <thead>
              <tr>
                <For each={["Order", "Terms", "What became of it", "Withdraw"]}>
                  {(name) => <th scope="col">{name}</th>}
                </For>
              </tr>
            </thead>
            <tbody>
              <For each={all().reverse()}>{(order) => <OrderRow order={order} run={props.run} />}</For>
            </tbody>
          </table>
        </section>
      </Show>
    </section>
  );
}

function OrderRow(props: { readonly order: Order; readonly run: Run }): JSX.Element {
  const isOpen = () => props.order.fate === "open" || props.order.fate === "unknown";
  const cancel = () => void props.run.act({ cancel: { order: props.order.number } });
  return (
    <tr>
      <th scope="row">{props.order.number + 1}</th>
      <td>
        {props.order.side === "buy" ? "Buy" : "Sell"} {props.order.quantity}
        {props.order.limit ? ` at ${props.order.limit} or better` : " at the market"}
      </td>
      <td>
        {FATES[props.order.fate]}
        <Show when={props.order.price}>
          {" "}
          at {props.order.price}, fee {props.order.fee}
        </Show>
      </td>
      <td>
        <Show when={isOpen()}>
          <Button busy={props.run.isBusy()} onClick={cancel}>
            Withdraw<span class="visually-hidden"> order {props.order.number + 1}</span>
          </Button>
        </Show>
      </td>
    </tr>
  );
}

export function Ledger(props: { readonly rows: readonly Row[] }): JSX.Element {
  return (
    <section class="stack" aria-labelledby="ledger">
      <h2 id="ledger">Ledger</h2>
      <Show
        when={props.rows.length > 0}
        fallback={<p class="hint">Nothing has happened since this page was opened.</p>}
      >
        <ol class="ledger" reversed>
          <For each={[...props.rows].reverse()}>
            {(row) => (
              <li>
                <span class="hint">{row.seq}</span> {words(row)}
              </li>
            )}
          </For>
        </ol>
      </Show>
    </section>
  );
}

function words(row: Row): string {
  switch (row.type) {
    case "placed":
      return `Order ${row.order + 1} was placed.`;
    case "cancelled":
      return `Order ${row.order + 1} was withdrawn.`;
    case "refused":
      return `Order ${row.order + 1} would have been filled, but the cash didn't suffice. It is gone.`;
    case "filled":
      return `Order ${row.order + 1} was filled at ${row.price}, fee ${row.fee}.`;
    case "named":
      return `Patterns were named: ${row.right.length} right, ${row.wrong.length} wrong, ${row.missed.length} missed.`;
  }
}
