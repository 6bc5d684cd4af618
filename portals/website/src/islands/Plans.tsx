//! What is offered and what it costs, as billing says it. Four faces: still loading, not to be had, nothing offered, the plans.

import { type Api, answered, createApi, type Plan } from "@rerp/shared/api";
import { Button } from "@rerp/shared/ui";
import { createSignal, For, type JSX, Match, onMount, Show, Switch } from "solid-js";
import { currencies, type Interval, intervals, preferred } from "./offers";
import { PlanCard } from "./PlanCard";

type Loaded = { readonly plans: readonly Plan[] } | "loading" | "failed";

/** Places for plans while they load: the page doesn't move when they come. */
const PLACES = [1, 2, 3];

export function Plans(props: { readonly api?: Api }): JSX.Element {
  const [loaded, setLoaded] = createSignal<Loaded>("loading");
  const load = async () => {
    setLoaded("loading");
    const answer = await answered((props.api ?? createApi()).GET("/api/billing/plans"));
    setLoaded("data" in answer && answer.data ? { plans: answer.data.items } : "failed");
  };
  onMount(() => void load());
  const plans = () => {
    const present = loaded();
    return typeof present === "object" ? present.plans : [];
  };
  return (
    <div class="plans" aria-busy={loaded() === "loading"}>
      <Switch>
        <Match when={loaded() === "loading"}>
          <p class="visually-hidden">Loading plans</p>
          <div class="plan-choices" aria-hidden="true">
            <span class="bone bone-choices" />
          </div>
          <ul class="plan-list" aria-hidden="true">
            <For each={PLACES}>
              {() => (
                <li class="card plan plan-place">
                  <span class="bone bone-title" />
                  <span class="bone bone-price" />
                  <span class="bone" />
                </li>
              )}
            </For>
          </ul>
        </Match>
        <Match when={loaded() === "failed"}>
          <div class="card plans-note">
            <p>We can't show prices right now.</p>
            <Button onClick={() => void load()}>Try again</Button>
          </div>
        </Match>
        <Match when={plans().length === 0}>
          <div class="card">
            <p>
              No plan is offered right now. <a href="/contact">Write to us</a>, and we'll find one for you.
            </p>
          </div>
        </Match>
        <Match when={true}>
          <Offers plans={plans()} />
        </Match>
      </Switch>
    </div>
  );
}

function Offers(props: { readonly plans: readonly Plan[] }): JSX.Element {
  const [interval, setInterval] = createSignal<Interval>(intervals(props.plans)[0] ?? "month");
  const [currency, setCurrency] = createSignal(preferred(currencies(props.plans)));
  return (
    <>
      <div class="plan-choices">
        <Show when={intervals(props.plans).length > 1}>
          <fieldset class="segments">
            <legend class="visually-hidden">Paid</legend>
            <For each={intervals(props.plans)}>
              {(each) => (
                <label class="segment">
                  <input
                    type="radio"
                    name="interval"
                    checked={interval() === each}
                    onChange={() => setInterval(each)}
                  />
                  <span>{each === "month" ? "Monthly" : "Yearly"}</span>
                </label>
              )}
            </For>
          </fieldset>
        </Show>
        <Show when={currencies(props.plans).length > 1}>
          <label class="plan-currency">
            <span class="visually-hidden">Currency</span>
            <select class="input" onChange={(event) => setCurrency(event.currentTarget.value)}>
              <For each={currencies(props.plans)}>
                {(each) => (
                  <option value={each} selected={each === currency()}>
                    {each.toUpperCase()}
                  </option>
                )}
              </For>
            </select>
          </label>
        </Show>
      </div>
      <ul class="plan-list">
        <For each={props.plans}>{(plan) => <PlanCard plan={plan} interval={interval()} currency={currency()} />}</For>
      </ul>
    </>
  );
}
