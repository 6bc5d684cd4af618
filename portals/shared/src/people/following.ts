//! Following an erasure. In: a way to ask how far it is. Out: what was last heard, asked again for a bounded number of times, ever less often.

import type { IdentitySchemas, Problem } from "@rerp/shared/api";
import { problemIn } from "@rerp/shared/app";
import { createSignal, onCleanup } from "solid-js";

export type Erasure = IdentitySchemas["Erasure"];

/** First wait, longest wait, in milliseconds, and how often: some ten minutes in all. */
const FIRST = 2_000;
const LONGEST = 20_000;
const MOST = 36;

export interface Following {
  /** What was last heard. */
  last(): Erasure | undefined;
  /** It isn't asked any more, and hasn't ended. */
  isLeft(): boolean;
  problem(): Problem | undefined;
  /** From what is known by now; begins again where it was left. */
  begin(known: Erasure): void;
}

export function createFollowing(ask: () => Promise<Erasure>, ended: () => void): Following {
  const [last, setLast] = createSignal<Erasure>();
  const [isLeft, setLeft] = createSignal(false);
  const [problem, setProblem] = createSignal<Problem>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;
  onCleanup(() => {
    isGone = true;
    clearTimeout(timer);
  });
  const take = (heard: Erasure, count: number) => {
    setLast(heard);
    if (heard.state === "completed") {
      ended();
    } else {
      wait(count);
    }
  };
  const wait = (count: number) => {
    if (count >= MOST) {
      setLeft(true);
      return;
    }
    timer = setTimeout(() => void look(count + 1), Math.min(FIRST * 1.3 ** count, LONGEST));
  };
  const look = async (count: number) => {
    try {
      const heard = await ask();
      if (!isGone) {
        setProblem(undefined);
        take(heard, count);
      }
    } catch (error) {
      if (!isGone) {
        setProblem(problemIn(error));
        wait(count);
      }
    }
  };
  return {
    last,
    isLeft,
    problem,
    begin: (known) => {
      clearTimeout(timer);
      setLeft(false);
      take(known, 0);
    },
  };
}
