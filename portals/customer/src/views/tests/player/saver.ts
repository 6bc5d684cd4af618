//! Runs the machine of `saving.ts`: sends, reads, waits. In: ways to send and to read. Out: its state as a signal. Whoever makes one closes it.

import { createSignal } from "solid-js";
import { mayPass, Refusal } from "../call";
import type { Given } from "../types";
import {
  begin,
  type Effect,
  type Event,
  type Flight,
  type Known,
  type Saving,
  step,
  unsaved,
  type Why,
} from "./saving";

export interface Ways {
  /** Sends an answer; its revision. */
  send(flight: Flight): Promise<number>;
  /** Reads what the server has, and whether the session still runs. */
  read(): Promise<{ readonly known: Known; readonly runs: boolean }>;
}

export interface Saver {
  state(): Saving;
  edit(id: string, answer: Given): void;
  /** Tries at once what waits. */
  wake(): void;
  /** Somebody has read what was refused. */
  told(): void;
  /** Takes over what was read by somebody else. */
  adopt(known: Known, runs: boolean): void;
  /** Waits until nothing is unsaved, and no longer than that many milliseconds; whether nothing is. */
  flush(most: number): Promise<boolean>;
  close(): void;
}

export function createSaver(known: Known, ways: Ways): Saver {
  const [state, setState] = createSignal(begin(known));
  const waiting = new Set<() => void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = 0;
  /** What is under way now: what comes of anything older says nothing any more. */
  let turn = 0;
  let isClosed = false;

  const tell = (event: Event) => {
    if (isClosed) {
      return;
    }
    clearTimeout(timer);
    const before = state();
    const [next, effect] = step(before, event);
    setState(next);
    if (effect || next.phase !== before.phase) {
      turn += 1;
    }
    if (effect) {
      run(effect, turn);
    } else if (next.phase === "waiting") {
      // What happened had nothing to do with the wait, which goes on.
      wait();
    }
    for (const look of [...waiting]) {
      look();
    }
  };
  const wait = () => {
    timer = setTimeout(() => tell({ type: "again" }), Math.max(0, due - performance.now()));
  };
  const run = (effect: Effect, mine: number) => {
    const then = (event: Event) => mine === turn && tell(event);
    const fail = (error: unknown) => then(judged(error));
    if (effect.do === "wait") {
      due = performance.now() + effect.for;
      wait();
    } else if (effect.do === "send" && effect.flight) {
      ways.send(effect.flight).then((revision) => then({ type: "saved", revision }), fail);
    } else {
      ways.read().then(({ known, runs }) => then({ type: "read", known, runs }), fail);
    }
  };
  const wake = () => tell({ type: "wake" });
  window.addEventListener("online", wake);

  return {
    state,
    edit: (id, answer) => tell({ type: "edit", id, answer }),
    wake,
    told: () => tell({ type: "told" }),
    adopt: (known, runs) => tell({ type: "read", known, runs }),
    flush: (most) => {
      wake();
      return new Promise((done) => {
        const end = () => {
          clearTimeout(limit);
          waiting.delete(look);
          done(unsaved(state()).length === 0);
        };
        const look = () => (unsaved(state()).length === 0 || state().phase === "ended") && end();
        const limit = setTimeout(end, most);
        waiting.add(look);
        look();
      });
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      window.removeEventListener("online", wake);
    },
  };
}

const KINDS: Readonly<Record<string, Why>> = {
  "sequence-gap": "changed",
  ended: "ended",
  "invalid-value": "wrong",
  "invalid-body": "wrong",
};

/** What a failure means for an answer. */
export function judged(error: unknown): Event {
  if (mayPass(error)) {
    const wait = error instanceof Refusal && error.wait ? error.wait * 1_000 : undefined;
    return { type: "lost", chance: Math.random(), wait };
  }
  const kind = error instanceof Refusal ? error.problem.kind : "unknown";
  return { type: "refused", why: KINDS[kind] ?? "gone" };
}
