//! With what somebody pays: their payment methods, which one by one can be taken back, and a new one. A person's own, whatever accounts they pay for.

import { Confirm, createAsked, Loaded, Page, taken, useApi, usePerson } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import "@rerp/shared/records.css";
import { AddCard } from "./AddCard";
import { BILLING, type PaymentMethod, useMethods } from "./queries";
import { brandOf, hasExpired } from "./words";

/** How long it is looked whether a card that was added is there, in milliseconds. */
const PATIENCE = 60_000;

export default function Methods(): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const queries = useQueryClient();
  const [hurry, setHurry] = createSignal(0);
  const query = useMethods(hurry);
  const [said, setSaid] = createSignal("");
  const [isAdding, setAdding] = createSignal(false);
  const asked = createAsked<PaymentMethod>();
  const reload = () => queries.invalidateQueries({ queryKey: [BILLING, "methods"] });
  const usable = (all: readonly PaymentMethod[]) => all.filter((each) => each.usable);
  const remove = () => {
    const path = { human_name_id: person().person, payment_method_id: asked.chosen()?.payment_method_id ?? "" };
    return taken(api.DELETE("/api/billing/payment-methods/{human_name_id}/{payment_method_id}", { params: { path } }));
  };
  let button: HTMLButtonElement | undefined;
  const close = () => {
    setAdding(false);
    queueMicrotask(() => button?.focus());
  };
  const added = () => {
    close();
    setSaid("Your card is added. It may take a moment until it is in the list.");
    setHurry(Date.now() + PATIENCE);
    void reload();
  };
  return (
    <Page title="Payment methods">
      <p>
        <A href="/billing">Plan and payment</A> <span aria-hidden="true">/</span> Payment methods
      </p>
      <p>They are yours, whichever accounts you pay for. Cards are kept by Stripe; we never see their numbers.</p>
      <p role="status">{said()}</p>
      <Loaded query={query} what="your payment methods">
        {(found) => (
          <Show when={usable(found().items).length > 0} fallback={<p class="card">You have no payment method yet.</p>}>
            <ul class="records">
              <For each={usable(found().items)}>
                {(each) => (
                  <Row
                    method={each}
                    remove={() => {
                      setSaid("");
                      asked.ask(each);
                    }}
                  />
                )}
              </For>
            </ul>
          </Show>
        )}
      </Loaded>
      <Show
        when={isAdding()}
        fallback={
          <Button
            weight="first"
            ref={(element: HTMLButtonElement) => (button = element)}
            onClick={() => {
              setSaid("");
              setAdding(true);
            }}
          >
            Add a card
          </Button>
        }
      >
        <AddCard added={added} cancel={close} />
      </Show>
      <Confirm
        open={asked.isOpen()}
        close={asked.close}
        title="Remove this payment method?"
        text="Nothing is charged to it any more; another one is charged if there is one. While a subscription is paid with it alone it can't be removed: add another one first, or let the subscription end."
        button="Remove it"
        busy="Removing …"
        work={remove}
        done={() => {
          setSaid("The payment method is removed.");
          void reload();
        }}
      />
    </Page>
  );
}

function Row(props: { readonly method: PaymentMethod; readonly remove: () => void }): JSX.Element {
  const name = () => `${brandOf(props.method.brand)} ending in ${props.method.last4 ?? "?"}`;
  return (
    <li class="card record">
      <div>
        <p>{name()}</p>
        <p class="small">
          <Show when={props.method.exp_month && props.method.exp_year}>
            {hasExpired(props.method, new Date()) ? "Has expired: " : "Good until "}
            {props.method.exp_month}/{props.method.exp_year}
          </Show>
        </p>
      </div>
      <Button onClick={() => props.remove()}>
        Remove<span class="visually-hidden">: {name()}</span>
      </Button>
    </li>
  );
}
