//! One plan, what it costs and how to try it.

import type { Plan } from "@rerp/shared/api";
import { money } from "@rerp/shared/money";
import { LinkButton } from "@rerp/shared/ui";
import { type JSX, Show } from "solid-js";
import { type Interval, price, seats, trial } from "./offers";
import { choose } from "./plan";

export interface PlanCardProps {
  readonly plan: Plan;
  readonly interval: Interval;
  readonly currency: string;
}

export function PlanCard(props: PlanCardProps): JSX.Element {
  const cost = () => price(props.plan, props.interval, props.currency);
  return (
    <li class="card plan">
      <h3>{props.plan.name}</h3>
      <p class="plan-price">
        <Show when={cost()} fallback={<span class="plan-none">Not sold by the {props.interval}</span>}>
          {(cost) => (
            <>
              <strong>{money(cost().amount, cost().currency, "en")}</strong>
              <span class="plan-interval"> per {cost().interval}</span>
            </>
          )}
        </Show>
      </p>
      <ul class="plan-points">
        <li>{seats(props.plan.seats)}</li>
        <Show when={props.plan.trial_days > 0}>
          <li>{trial(props.plan.trial_days)}</li>
        </Show>
      </ul>
      <LinkButton href="#trial" onClick={() => choose(props.plan)}>
        Try {props.plan.name}
      </LinkButton>
    </li>
  );
}
