//! The bars that are visible, drawn, and the same as a table for whoever reads rather than looks.

import { createSignal, For, type JSX, Show } from "solid-js";
import type { Bar } from "./read";
import { candles, HEIGHT, WIDTH } from "./scale";

const SPANS = [30, 60, 120] as const;
/** Rows of the table at once. */
const ROWS = 60;

export function Chart(props: { readonly bars: readonly Bar[]; readonly total: number | null }): JSX.Element {
  const [span, setSpan] = createSignal(60);
  const drawn = () => candles(props.bars, span());
  const last = () => props.bars.at(-1);
  const words = () => {
    const bar = last();
    const end = bar ? ` The last one: open ${bar.open}, high ${bar.high}, low ${bar.low}, close ${bar.close}.` : "";
    return `Candlesticks, bars ${drawn().first + 1} to ${props.bars.length}.${end}`;
  };
  return (
    <figure class="chart">
      <div class="chart-head">
        <figcaption>
          Bar {props.bars.length}
          <Show when={props.total}> of {props.total}</Show>
        </figcaption>
        <label class="chart-span">
          Show{" "}
          <select class="input" onChange={(event) => setSpan(Number(event.currentTarget.value))}>
            <For each={SPANS}>
              {(each) => (
                <option value={each} selected={each === span()}>
                  the last {each}
                </option>
              )}
            </For>
            <option value={2_000}>all</option>
          </select>
        </label>
      </div>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words()}>
        <For each={drawn().lines}>
          {(line) => (
            <g class="chart-line">
              <line x1="0" x2={WIDTH - 60} y1={line.y} y2={line.y} />
              <text x={WIDTH - 56} y={line.y + 4}>
                {line.price}
              </text>
            </g>
          )}
        </For>
        <For each={drawn().candles}>
          {(candle) => (
            <g class={candle.isUp ? "candle candle-up" : "candle candle-down"} data-bar={candle.at}>
              <line x1={candle.x} x2={candle.x} y1={candle.high} y2={candle.low} />
              <rect x={candle.x - candle.width / 2} y={candle.top} width={candle.width} height={candle.height} />
            </g>
          )}
        </For>
      </svg>
      <BarTable bars={props.bars} />
    </figure>
  );
}

function BarTable(props: { readonly bars: readonly Bar[] }): JSX.Element {
  const [count, setCount] = createSignal(ROWS);
  const [isOpen, setOpen] = createSignal(false);
  const shown = () =>
    props.bars
      .map((bar, at) => ({ bar, number: at + 1 }))
      .reverse()
      .slice(0, count());
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The bars as a table, the newest first</summary>
      <Show when={isOpen()}>
        <section class="table-place" tabindex="0" aria-label="Bars">
          <table>
            <thead>
              <tr>
                <For each={["Bar", "Open", "High", "Low", "Close"]}>{(name) => <th scope="col">{name}</th>}</For>
              </tr>
            </thead>
            <tbody>
              <For each={shown()}>
                {({ bar, number }) => (
                  <tr>
                    <th scope="row">{number}</th>
                    <td>{bar.open}</td>
                    <td>{bar.high}</td>
                    <td>{bar.low}</td>
                    <td>{bar.close}</td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </section>
        <Show when={props.bars.length > count()}>
          <button type="button" class="button" onClick={() => setCount(count() + ROWS)}>
            More bars
          </button>
        </Show>
      </Show>
    </details>
  );
}
