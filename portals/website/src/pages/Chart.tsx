//! A picture of a market that goes on to where nobody can see yet. It says nothing that the words beside it don't.

import { For, type JSX } from "solid-js";

/** Open, high, low, close, in parts of the picture's height from below. */
const BARS: readonly (readonly [number, number, number, number])[] = [
  [22, 34, 18, 30],
  [30, 40, 26, 37],
  [37, 39, 25, 28],
  [28, 36, 22, 33],
  [33, 52, 31, 49],
  [49, 60, 45, 56],
  [56, 58, 42, 45],
  [45, 57, 41, 54],
  [54, 70, 52, 67],
  [67, 72, 60, 63],
  [63, 80, 61, 77],
];
const STEP = 28;
const HEIGHT = 100;
/** Pixels of a part of the height. */
const SCALE = 2.6;

const y = (value: number) => (HEIGHT - value) * SCALE;

export function Chart(): JSX.Element {
  const end = BARS.length * STEP;
  return (
    <figure class="chart card" aria-hidden="true">
      <svg viewBox="0 0 392 260" role="presentation">
        <For each={[20, 40, 60, 80]}>{(at) => <line class="chart-line" x1="0" x2="392" y1={y(at)} y2={y(at)} />}</For>
        <For each={BARS}>
          {([open, high, low, close], at) => {
            const middle = at() * STEP + STEP / 2;
            return (
              <g class={close >= open ? "candle-up" : "candle-down"}>
                <line x1={middle} x2={middle} y1={y(high)} y2={y(low)} />
                <rect
                  x={middle - 8}
                  y={y(Math.max(open, close))}
                  width="16"
                  height={Math.abs(close - open) * SCALE}
                  rx="2"
                />
              </g>
            );
          }}
        </For>
        <rect class="chart-unknown" x={end + 6} y="0" width={392 - end - 6} height="260" rx="8" />
        <text class="chart-question" x={end + 6 + (392 - end - 6) / 2} y="140" text-anchor="middle">
          ?
        </text>
      </svg>
    </figure>
  );
}
