//! What is left of the time, by the server's clock. It is read aloud at ten, five and one minute, and not each second.

import { type JSX, Show } from "solid-js";
import { type Countdown, remaining } from "../countdown";

/** From here on it is shown so that nobody overlooks it, in milliseconds. */
const SHORT = 60_000;

export function Timer(props: { readonly countdown: Countdown }): JSX.Element {
  const left = () => props.countdown.left();
  const text = () => {
    const known = left();
    return known === undefined ? "…" : remaining(known);
  };
  return (
    <>
      <p class="player-time" role="timer" aria-live="off" data-short={(left() ?? SHORT) < SHORT}>
        <span class="hint">Time left</span> <strong>{text()}</strong>
      </p>
      <p class="visually-hidden" role="status">
        <Show when={props.countdown.said()}>{props.countdown.said()}</Show>
      </p>
    </>
  );
}
