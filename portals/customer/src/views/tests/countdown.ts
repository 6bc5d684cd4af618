//! The time that a session has left. In: its end, and the server's clock. Out: what is left, as often as it changes, and words for whoever can't see it.

import { createSignal, onCleanup } from "solid-js";
import type { ServerClock } from "./clock";

const SECOND = 1_000;
const MINUTE = 60_000;
/** When somebody is told how much is left, in minutes. */
const TOLD = [10, 5, 1] as const;
/** How often one looks, in milliseconds: often enough that no second is skipped. */
const LOOK = 250;
/** How far the time of day and the steady clock may come apart before the machine has slept, or was set. */
const APART = 2_000;

/** What to say when so much is left and so much was left before: nothing, unless a bound lies between. */
export function announcement(before: number, now: number): string | undefined {
  const isTold = TOLD.some((minutes) => before > minutes * MINUTE && now <= minutes * MINUTE);
  if (!isTold || now <= 0) {
    return undefined;
  }
  // A machine that slept may have passed more than one.
  const minutes = Math.ceil(now / MINUTE);
  if (minutes > 1) {
    return `${minutes} minutes are left.`;
  }
  return now > MINUTE - APART ? "One minute is left." : "Less than a minute is left.";
}

/** `1:05:09` or `5:09`; nothing is rounded up. */
export function remaining(left: number): string {
  const seconds = Math.max(0, Math.floor(left / SECOND));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, at) => (at === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

export interface Countdown {
  /** Milliseconds; none where the server's time isn't known. */
  left(): number | undefined;
  /** The newest thing to say. */
  said(): string;
}

export interface CountdownProps {
  readonly clock: ServerClock;
  /** When the time is over there, in milliseconds. */
  readonly end: () => number;
  /** The time is over; once. */
  readonly over: () => void;
  /** The machine has slept, or its time was set: the server has to be asked. */
  readonly woke: () => void;
}

/** Counts for as long as its owner lives. */
export function createCountdown(props: CountdownProps): Countdown {
  const [left, setLeft] = createSignal<number>();
  const [said, setSaid] = createSignal("");
  let isOver = false;
  let apart = Date.now() - performance.now();
  const look = () => {
    const now = Date.now() - performance.now();
    if (Math.abs(now - apart) > APART) {
      props.woke();
    }
    apart = now;
    const at = props.clock.latest();
    if (at === undefined) {
      return;
    }
    const next = props.end() - at;
    setSaid((before) => announcement(left() ?? Number.POSITIVE_INFINITY, next) ?? before);
    setLeft(next);
    if (next <= 0 && !isOver) {
      isOver = true;
      props.over();
    }
  };
  look();
  const timer = setInterval(look, LOOK);
  onCleanup(() => clearInterval(timer));
  return { left, said };
}
