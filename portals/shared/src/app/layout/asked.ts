//! Something that is asked before it is done. In: what somebody chose. Out: whether the question is open, and what it is about.

import { createSignal } from "solid-js";

export interface Asked<T> {
  isOpen(): boolean;
  /** What was chosen last; it stays while the question goes away. */
  chosen(): T | undefined;
  ask(what: T): void;
  close(): void;
}

export function createAsked<T>(): Asked<T> {
  const [chosen, setChosen] = createSignal<T>();
  const [isOpen, setOpen] = createSignal(false);
  return {
    isOpen,
    chosen,
    ask: (what) => {
      setChosen(() => what);
      setOpen(true);
    },
    close: () => setOpen(false),
  };
}
