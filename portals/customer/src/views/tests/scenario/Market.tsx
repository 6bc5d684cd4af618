//! The market of a scenario: chart, going on, and orders or patterns.

import { useApi } from "@rerp/shared/app";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { createSignal, type JSX, Show } from "solid-js";
import type { Scenario } from "../types";
import { Chart } from "./Chart";
import { Ledger, Orders, Position } from "./Orders";
import { decisions } from "./orders";
import { Patterns } from "./Patterns";
import { createRun, type Run } from "./run";
import { Ticket } from "./Ticket";
import "../market.css";

/** What a scenario of a test has to have at least: the service's own bounds. */
const DECISIONS = 5;

const TROUBLES = {
  moved:
    "Something was done here meanwhile, in another window or on another device. Shown is where the scenario stands now.",
  refused: "The market doesn't take this now, and nothing has happened. For an order: look at the free cash.",
  ended: "This takes nothing more.",
} as const;

export function Market(props: { readonly scenario: Scenario }): JSX.Element {
  const run = createRun(useApi(), props.scenario);
  const isQuiz = () => run.scenario().scenario_type === "pattern_recognition";
  return (
    <div class="market">
      <Chart bars={run.bars()} total={run.scenario().total_bars} />
      <div class="notice-place" role="alert">
        <Show when={run.trouble()}>{(trouble) => <p class="notice notice-wrong">{TROUBLES[trouble()]}</p>}</Show>
      </div>
      <ProblemNotice problem={run.problem()} />
      <Show when={!run.isOver()} fallback={<Over run={run} />}>
        <Advance run={run} />
      </Show>
      <Show when={run.scenario().session_id}>
        <Counts run={run} />
      </Show>
      <Show when={!isQuiz()} fallback={<Quiz run={run} />}>
        <div class="market-columns">
          <Show when={!run.isOver()}>
            <section class="card stack" aria-labelledby="ticket">
              <h2 id="ticket">New order</h2>
              <Ticket run={run} />
            </section>
          </Show>
          <section class="card stack" aria-labelledby="position">
            <h2 id="position">Position</h2>
            <Position figures={run.figures()} />
          </section>
        </div>
        <Orders run={run} />
        <Ledger rows={run.rows()} />
      </Show>
    </div>
  );
}

function Quiz(props: { readonly run: Run }): JSX.Element {
  const figures = () => props.run.figures();
  return (
    <>
      <p>
        Named so far: {figures().right} right, {figures().wrong} wrong, {figures().missed} missed.
      </p>
      <Show when={!props.run.isOver()}>
        <Patterns run={props.run} />
      </Show>
    </>
  );
}

/** In a backtest any number of bars, otherwise one at a time. */
function Advance(props: { readonly run: Run }): JSX.Element {
  const [count, setCount] = createSignal(10);
  const left = () => (props.run.scenario().total_bars ?? 0) - props.run.bars().length;
  const go = (bars: number) => void props.run.act({ advance: { bars: Math.min(bars, left()) } });
  return (
    <div class="player-ways">
      <Button busy={props.run.isBusy()} onClick={() => go(1)}>
        Next bar
      </Button>
      <Show when={props.run.scenario().scenario_type === "backtest" && left() > 1}>
        <label class="chart-span">
          <span class="visually-hidden">How many bars</span>
          <select class="input" onChange={(event) => setCount(Number(event.currentTarget.value))}>
            <option value={10}>10 bars</option>
            <option value={50}>50 bars</option>
            <option value={2_000}>to the end</option>
          </select>
        </label>
        <Button busy={props.run.isBusy()} onClick={() => go(count())}>
          Go on so far
        </Button>
      </Show>
      <p class="hint" role="status">
        {left()} to come
      </p>
    </div>
  );
}

/** How far it is towards counting for its test. */
function Counts(props: { readonly run: Run }): JSX.Element {
  const actions = () => props.run.scenario().user_actions;
  const isCut = () => (actions()[0]?.sequence ?? 1) > 1;
  const count = () => decisions(actions()).count;
  return (
    <p class="hint">
      For the test it counts once the last bar is visible, with decisions at {DECISIONS} bars or more. Decisions so far:{" "}
      {isCut() ? "at least " : ""}
      {count()}.
    </p>
  );
}

function Over(props: { readonly run: Run }): JSX.Element {
  return (
    <p class="notice" role="status">
      Every bar is visible.{" "}
      {props.run.scenario().session_id ? "Go back to the questions to hand in." : "The exercise is over."}
    </p>
  );
}
