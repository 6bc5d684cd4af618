//! How long something lasts yet. In: seconds, as a server says them. Out: a signal. It counts by a clock that nobody sets: what the browser thinks the time is
//! doesn't matter.

import { createSignal, onCleanup } from "solid-js";

export interface Countdown {
  /** Seconds that are left. */
  left(): number;
  /** Begins, from now; what went on before is forgotten. */
  start(seconds: number): void;
}

const TICK = 1000;

export function createCountdown(): Countdown {
  const [left, setLeft] = createSignal(0);
  let end = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const look = () => {
    const seconds = Math.max(0, Math.ceil((end - performance.now()) / TICK));
    setLeft(seconds);
    if (seconds === 0) {
      clearInterval(timer);
    }
  };
  onCleanup(() => clearInterval(timer));
  return {
    left,
    start: (seconds) => {
      clearInterval(timer);
      end = performance.now() + seconds * TICK;
      timer = setInterval(look, TICK);
      look();
    },
  };
}

/** `75` becomes `1:15`. */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
