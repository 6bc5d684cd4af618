//! What a scenario begins with: its kind, its length, and the cash.

import { useApi } from "@rerp/shared/app";
import { createSubmission } from "@rerp/shared/form";
import { Button, Field, type FieldSpec, ProblemNotice } from "@rerp/shared/ui";
import { useNavigate } from "@solidjs/router";
import { createSignal, type JSX, Show } from "solid-js";
import { reason } from "../admission";
import { asked, problem, Refusal } from "../call";
import { parse } from "../decimal";
import { Refused } from "../Start";
import { MONEY } from "./read";

/** What it is part of: a session, or a module with whoever exercises. */
export type Part =
  | { readonly session_id: string }
  | { readonly module: string; readonly human_name_id: string; readonly account_id: string };

const KINDS = {
  backtest: "Backtest: orders, any number of bars at once",
  live_simulation: "Live simulation: orders, one bar at a time",
  pattern_recognition: "Pattern recognition: patterns are named, one bar at a time",
} as const;
const LONGEST = 2_000;
const CASH: FieldSpec = {
  name: "cash",
  label: "Cash to begin with",
  maxlength: 20,
  hint: "What is usual, if you leave it out.",
};

export interface BeginProps {
  readonly part: Part;
  /** The fewest bars. */
  readonly least: number;
  /** It has begun. */
  readonly begun?: (id: string) => void;
}

export function Begin(props: BeginProps): JSX.Element {
  const api = useApi();
  const navigate = useNavigate();
  const [error, setError] = createSignal<unknown>();
  const bars = (): FieldSpec => ({
    name: "bars",
    label: "Bars",
    inputmode: "numeric",
    required: true,
    maxlength: 4,
    hint: `${props.least} to ${LONGEST}.`,
  });
  const submission = createSubmission({
    fields: ["scenario_type", "bars", "cash"],
    send: async ({ scenario_type = "backtest", bars = "", cash }, key) => {
      setError(undefined);
      const count = /^\d{1,4}$/.test(bars) ? Number(bars) : 0;
      if (count < props.least || count > LONGEST) {
        return { kind: "invalid-value", fields: { bars: `Must be ${props.least} to ${LONGEST}.` } };
      }
      if (cash !== undefined && (parse(cash, MONEY) ?? -1n) < 0n) {
        return { kind: "invalid-value", fields: { cash: "Must be an amount such as 1000.50, not negative." } };
      }
      const kind = scenario_type as keyof typeof KINDS;
      const body = { ...props.part, scenario_type: kind, bars: count, ...(cash === undefined ? {} : { cash }) };
      try {
        const header = { "Idempotency-Key": key };
        const { scenario_id } = await asked(() => api.POST("/api/fte/scenarios", { params: { header }, body }));
        props.begun?.(scenario_id);
        navigate(`/tests/scenarios/${scenario_id}`);
        return undefined;
      } catch (failure) {
        const isFull = failure instanceof Refusal && failure.problem.kind === "too-many-requests";
        setError(isFull ? undefined : failure);
        return problem(failure);
      }
    },
  });
  return (
    <form class="form" noValidate onSubmit={submission.submit}>
      <div class="field">
        <label for="scenario-type">Kind</label>
        <select id="scenario-type" name="scenario_type" class="input">
          <option value="backtest">{KINDS.backtest}</option>
          <option value="live_simulation">{KINDS.live_simulation}</option>
          <option value="pattern_recognition">{KINDS.pattern_recognition}</option>
        </select>
      </div>
      <Field spec={bars()} mistake={submission.mistake("bars")} />
      <Field spec={CASH} mistake={submission.mistake("cash")} />
      <Show when={reason(error())} fallback={<ProblemNotice problem={submission.problem()} />}>
        <Refused error={error()} />
      </Show>
      <div>
        <Button type="submit" busy={submission.phase() === "sending"}>
          {submission.phase() === "sending" ? "Beginning …" : "Begin a scenario"}
        </Button>
      </div>
    </form>
  );
}
