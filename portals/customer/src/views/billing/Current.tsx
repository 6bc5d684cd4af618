//! The present subscription: how it stands in plain words, since when and until when, and its end.

import type { Plan } from "@rerp/shared/api";
import { When } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { type UseQueryResult, useQueryClient } from "@tanstack/solid-query";
import { type JSX, Show } from "solid-js";
import { Ending } from "./Ending";
import { FirstPayment } from "./FirstPayment";
import { type Present, reload } from "./queries";
import { cost, found, isOver, isRunning, stateOf } from "./words";

export interface CurrentProps {
  readonly account: string;
  readonly now: Present;
  readonly plans: UseQueryResult<readonly Plan[], Error>;
  /** Looks again and again for a while whether Stripe has answered. */
  readonly look: () => void;
  /** Of the first payment, while it is known. */
  readonly secret: string | undefined;
  readonly paid: () => void;
}

export function Current(props: CurrentProps): JSX.Element {
  const queries = useQueryClient();
  const it = () => props.now.subscription;
  const offer = () => (props.plans.isSuccess ? found(props.plans.data, it().price_id) : undefined);
  const grace = () => {
    const { entitlement } = it();
    return entitlement.access === "grace" ? entitlement.until : undefined;
  };
  const waits = () => it().status === null || it().status === "incomplete";
  const again = () => {
    props.look();
    void reload(queries, props.account);
  };
  return (
    <section class="stack" aria-labelledby="present">
      <h2 id="present">Your subscription</h2>
      <div class="card stack" role="status">
        <p>
          <strong>{offer()?.plan.name ?? "A plan that is offered no more"}</strong>{" "}
          <span class="tag">{stateOf(it().status).title}</span>
        </p>
        <p>{stateOf(it().status).text}</p>
        <Show when={it().cancel_at_period_end && isRunning(it().status)}>
          <p>It ends with its period, and nothing is charged after that. Until then you can let it go on after all.</p>
        </Show>
        <Show when={grace()}>
          {(until) => (
            <p>
              Everything can be used until <When at={until()} />, unless the payment comes.
            </p>
          )}
        </Show>
        <Show when={it().entitlement.access === "none" && !isOver(it().status)}>
          <p>The account can't use what is in the plan now.</p>
        </Show>
      </div>
      <Facts now={props.now} price={offer()?.price ? cost(offer()?.price as Plan["prices"][number]) : undefined} />
      <Show when={it().status === "incomplete"}>
        <FirstPayment secret={props.secret} paid={props.paid} />
      </Show>
      <Show when={waits()}>
        <Button onClick={again}>Look again</Button>
      </Show>
      <Show when={!isOver(it().status)}>
        <Ending account={props.account} now={props.now} />
      </Show>
    </section>
  );
}

function Facts(props: { readonly now: Present; readonly price: string | undefined }): JSX.Element {
  const it = () => props.now.subscription;
  const end = () => (isRunning(it().status) ? it().current_period_end : null);
  return (
    <dl class="facts card">
      <dt>Price</dt>
      <dd>{props.price ?? "As you agreed to when you chose it"}</dd>
      <Show when={it().trial_end}>
        {(at) => (
          <>
            <dt>{it().status === "trialing" ? "Trial until" : "Trial was until"}</dt>
            <dd>
              <When at={at()} />
            </dd>
          </>
        )}
      </Show>
      <Show when={end()}>
        {(at) => (
          <>
            <dt>{it().cancel_at_period_end ? "Ends" : "Next period"}</dt>
            <dd>
              <When at={at()} />
            </dd>
          </>
        )}
      </Show>
    </dl>
  );
}
