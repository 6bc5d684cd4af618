//! Something that a button does. In: the work. Out: signals for whoever shows the button: whether it goes on, and what went wrong.

import type { Problem } from "@rerp/shared/api";
import { createSignal } from "solid-js";
import { attempt } from "../api";

export interface Act {
  busy(): boolean;
  problem(): Problem | undefined;
  /** Does it, once at a time; whether it went well. */
  run(): Promise<boolean>;
  /** Forgets what went wrong. */
  forget(): void;
}

export function createAct(work: () => Promise<unknown>): Act {
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<Problem>();
  const run = async () => {
    if (busy()) {
      return false;
    }
    setBusy(true);
    setProblem(undefined);
    const wrong = await attempt(work);
    setProblem(wrong);
    setBusy(false);
    return !wrong;
  };
  return { busy, problem, run, forget: () => setProblem(undefined) };
}
