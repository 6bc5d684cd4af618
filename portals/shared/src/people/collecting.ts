//! Asking all who hold something of a person. In: the holders. Out: signals: how far each is, and what they hold.

import type { Problem } from "@rerp/shared/api";
import { problemIn } from "@rerp/shared/app";
import { onCleanup } from "solid-js";
import { createStore } from "solid-js/store";
import type { Held, Holder } from "./holders";

export type State =
  | { readonly is: "idle" | "asking" }
  | { readonly is: "there"; readonly held: Held | null }
  | { readonly is: "failed"; readonly problem: Problem };

export interface Collecting {
  state(name: string): State;
  /** Those who are that far. */
  named(is: State["is"]): readonly Holder[];
  held(): readonly Held[];
  hasBegun(): boolean;
  isBusy(): boolean;
  /** All have answered, one way or the other. */
  isSettled(): boolean;
  ask(some: readonly Holder[]): void;
}

export function createCollecting(all: readonly Holder[]): Collecting {
  const [states, setStates] = createStore<Record<string, State>>({});
  let isGone = false;
  onCleanup(() => {
    isGone = true;
  });
  const state = (name: string): State => states[name] ?? { is: "idle" };
  const named = (is: State["is"]) => all.filter((each) => state(each.name).is === is);
  const askOne = async (one: Holder) => {
    setStates(one.name, { is: "asking" });
    const next: State = await one.ask().then(
      (held) => ({ is: "there" as const, held }),
      (error: unknown) => ({ is: "failed" as const, problem: problemIn(error) }),
    );
    if (!isGone) {
      setStates(one.name, next);
    }
  };
  const hasBegun = () => named("idle").length < all.length;
  const isBusy = () => named("asking").length > 0;
  const held = () =>
    all.flatMap(({ name }) => {
      const now = state(name);
      return now.is === "there" && now.held ? [now.held] : [];
    });
  return {
    state,
    named,
    held,
    hasBegun,
    isBusy,
    isSettled: () => hasBegun() && !isBusy(),
    ask: (some) => {
      for (const each of some) {
        void askOne(each);
      }
    },
  };
}
