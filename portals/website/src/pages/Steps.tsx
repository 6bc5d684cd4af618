//! How it goes, in three steps.

import { For, type JSX } from "solid-js";

const STEPS = [
  {
    title: "Learn a module",
    text: "Short texts, candlestick patterns, orders and fees. Questions from a bank that never asks you the same test twice.",
  },
  {
    title: "Trade a market",
    text: "Bar after bar, with orders, positions and an account that is right to the cent. Nobody, not even your browser, knows the next bar before you have decided.",
  },
  {
    title: "Prove it",
    text: "Pass, and get a certificate as an Open Badge. Anybody can check it with its link, and it shows no more of you than you allow.",
  },
];

export function Steps(): JSX.Element {
  return (
    <section class="part" aria-labelledby="steps-title">
      <div class="width">
        <h2 id="steps-title">From the first candle to a certificate</h2>
        <ol class="steps">
          <For each={STEPS}>
            {(step) => (
              <li class="step">
                <h3>{step.title}</h3>
                <p>{step.text}</p>
              </li>
            )}
          </For>
        </ol>
      </div>
    </section>
  );
}
