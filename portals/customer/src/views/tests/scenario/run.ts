//! A scenario under way: one action at a time, each done once. In: the scenario as it was read. Out: its state as signals.
//!
//! An action whose answer was lost is sent again as it was: the service recognises it by the number that it expects. Bars are those that the service has revealed,
//! and nothing else is ever kept of a market.

import type { Api } from "@rerp/shared/api";
import { createSignal } from "solid-js";
import { asked, mayPass, problem, Refusal } from "../call";
import type { Action, Outcome, Scenario } from "../types";
import { type Bar, bars, type Figures, figures, type Row, rows } from "./read";

/** How often an action is sent, and the pause before the second time in milliseconds; each further one doubles it. */
const TRIES = 4;
const PAUSE = 1_000;

export interface Run {
  scenario(): Scenario;
  bars(): readonly Bar[];
  /** Rows of the ledger that were seen here. */
  rows(): readonly Row[];
  figures(): Figures;
  isBusy(): boolean;
  /** What somebody has to be told; its kind. */
  trouble(): "moved" | "refused" | "ended" | undefined;
  problem(): ReturnType<typeof problem>;
  /** Whether every bar is visible. */
  isOver(): boolean;
  /** Acts; whether it was done. */
  act(action: Action): Promise<boolean>;
}

export function load(api: Api, scenario_id: string): Promise<Scenario> {
  return asked(() => api.GET("/api/fte/scenarios/{scenario_id}", { params: { path: { scenario_id } } }));
}

const TROUBLES = {
  "sequence-gap": "moved",
  "invalid-value": "refused",
  "invalid-body": "refused",
  ended: "ended",
} as const;

export function createRun(api: Api, first: Scenario): Run {
  const [scenario, setScenario] = createSignal(first);
  const [seen, setSeen] = createSignal<readonly Row[]>([]);
  const [isBusy, setBusy] = createSignal(false);
  const [trouble, setTrouble] = createSignal<"moved" | "refused" | "ended">();
  const [error, setError] = createSignal<unknown>();
  const path = { scenario_id: first.scenario_id };

  const send = async (expected_seq: number, action: Action): Promise<Outcome> => {
    for (let tried = 1; ; tried += 1) {
      try {
        const body = { expected_seq, action };
        return await asked(() => api.POST("/api/fte/scenarios/{scenario_id}/actions", { params: { path }, body }));
      } catch (failure) {
        if (tried >= TRIES || !mayPass(failure)) {
          throw failure;
        }
        await new Promise((done) => setTimeout(done, PAUSE * 2 ** (tried - 1)));
      }
    }
  };
  const take = (expected: number, action: Action, outcome: Outcome) => {
    setSeen([...seen(), ...rows(outcome.rows)]);
    setScenario((before) => {
      const shown = [...before.bars, ...(Array.isArray(outcome.bars) ? outcome.bars : [])];
      const isLast = before.total_bars !== null && shown.length >= before.total_bars;
      const now = new Date().toISOString();
      const listed = { sequence: outcome.sequence, expected_seq: expected, action, done: true, created_at: now };
      return {
        ...before,
        seq: outcome.seq,
        bars: shown,
        results: outcome.results,
        user_actions: [...before.user_actions, listed],
        completed_at: before.completed_at ?? (isLast ? now : null),
      };
    });
  };
  const refused = async (failure: unknown) => {
    const kind = failure instanceof Refusal ? failure.problem.kind : "unknown";
    setTrouble(kind in TROUBLES ? TROUBLES[kind as keyof typeof TROUBLES] : undefined);
    setError(kind in TROUBLES ? undefined : failure);
    // Whatever was believed here before may be wrong.
    const fresh = await load(api, first.scenario_id).catch(() => undefined);
    if (fresh) {
      setScenario(fresh);
    }
  };
  const act = async (action: Action) => {
    const expected = scenario().seq;
    if (isBusy() || expected === null) {
      return false;
    }
    setBusy(true);
    setTrouble(undefined);
    setError(undefined);
    try {
      take(expected, action, await send(expected, action));
      return true;
    } catch (failure) {
      await refused(failure);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return {
    scenario,
    bars: () => bars(scenario().bars).slice(0, scenario().total_bars ?? undefined),
    rows: seen,
    figures: () => figures(scenario().results),
    isBusy,
    trouble,
    problem: () => problem(error()),
    isOver: () => scenario().completed_at !== null,
    act,
  };
}
