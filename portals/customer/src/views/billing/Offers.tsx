//! What is offered: plans with their prices, one to subscribe to, or another one for a subscription that goes on.

import type { Plan, Price } from "@rerp/shared/api";
import { Loaded } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import type { UseQueryResult } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import { useVerification } from "../verify/status";
import { Change } from "./Change";
import type { Present } from "./queries";
import { Subscribe } from "./Subscribe";
import { cost, isChangeable, seats } from "./words";

/** Something that is offered, at one of its prices. */
export interface Offer {
  readonly plan: Plan;
  readonly price: Price;
}

export interface OffersProps {
  readonly account: string;
  /** The subscription that goes on; none: one may begin. */
  readonly now: Present | undefined;
  readonly plans: UseQueryResult<readonly Plan[], Error>;
  /** Why whoever looks may not begin one. */
  readonly refusal: string | undefined;
  /** A subscription was made; with the secret of its first payment, where there is one to confirm. */
  readonly begun: (secret: string | undefined) => void;
}

export function Offers(props: OffersProps): JSX.Element {
  const [chosen, setChosen] = createSignal<Offer>();
  const [said, setSaid] = createSignal("");
  let heading: HTMLHeadingElement | undefined;
  const close = () => {
    setChosen(undefined);
    heading?.focus();
  };
  const choose = (offer: Offer) => {
    setSaid("");
    setChosen(offer);
  };
  const changed = (offer: Offer) => {
    setSaid(`Your plan is ${offer.plan.name} now, at ${cost(offer.price)}.`);
    close();
  };
  const why = () => (props.now ? unchangeable(props.now) : props.refusal);
  return (
    <section class="stack" aria-labelledby="offers">
      <h2 id="offers" tabindex="-1" ref={(element) => (heading = element)}>
        {props.now ? "Another plan or price" : "Choose a plan"}
      </h2>
      <p role="status">{said()}</p>
      <Show when={why()}>{(words) => <p class="card">{words()}</p>}</Show>
      <Loaded query={props.plans} what="plans">
        {(plans) => (
          <Show when={plans().length > 0} fallback={<p class="card">Nothing is offered right now.</p>}>
            <ul class="records">
              <For each={plans()}>
                {(plan) => (
                  <Row plan={plan} now={props.now} mayChoose={!why()} choose={(price) => choose({ plan, price })} />
                )}
              </For>
            </ul>
          </Show>
        )}
      </Loaded>
      <Show when={!props.now}>
        <Trial />
      </Show>
      {/* Another choice is another question. */}
      <Show when={!why() && chosen()} keyed>
        {(offer) => (
          <Show
            when={props.now}
            fallback={<Subscribe account={props.account} offer={offer} begun={props.begun} close={close} />}
          >
            {(now) => (
              <Change account={props.account} now={now()} offer={offer} close={close} done={() => changed(offer)} />
            )}
          </Show>
        )}
      </Show>
    </section>
  );
}

/** Why a subscription that goes on has its price for now. */
function unchangeable({ subscription }: Present): string | undefined {
  if (isChangeable(subscription.status, subscription.cancel_at_period_end)) {
    return undefined;
  }
  return subscription.cancel_at_period_end
    ? "It ends with its period. Let it go on first; then it may have another price."
    : "What is open has to be paid first, at the price that it has. Then it may have another one.";
}

function Row(props: {
  readonly plan: Plan;
  readonly now: Present | undefined;
  readonly mayChoose: boolean;
  readonly choose: (price: Price) => void;
}): JSX.Element {
  const isPresent = (price: Price) => props.now?.subscription.price_id === price.price_id;
  const trial = () => (props.now ? 0 : props.plan.trial_days);
  return (
    <li class="card record">
      <div>
        <p>
          <strong>{props.plan.name}</strong>
        </p>
        <p class="small">
          {seats(props.plan)}
          <Show when={trial() > 0}>; {trial()} days free for new customers</Show>
        </p>
      </div>
      <ul class="stack">
        <For each={props.plan.prices}>
          {(price) => (
            <li class="row">
              <span>{cost(price)}</span>
              <Show when={!isPresent(price)} fallback={<span class="tag">Yours</span>}>
                <Show when={props.mayChoose}>
                  <Button onClick={() => props.choose(price)}>
                    {props.now ? "See what it comes to" : "Choose"}
                    <span class="visually-hidden">
                      : {props.plan.name}, {cost(price)}
                    </span>
                  </Button>
                </Show>
              </Show>
            </li>
          )}
        </For>
      </ul>
    </li>
  );
}

/** Trials are for those who have proved who they are reached by. */
function Trial(): JSX.Element {
  const proved = useVerification();
  return (
    <Show when={proved.isSuccess && !proved.data?.both_verified}>
      <p class="card">
        A trial needs your e-mail address and your telephone number proved. <A href="/verify">Prove them</A> first, or
        the plan is paid from its first day.
      </p>
    </Show>
  );
}
