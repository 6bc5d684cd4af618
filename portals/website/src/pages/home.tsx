//! The first page.

import type { JSX } from "solid-js";
import { Island } from "../layout/Island";
import { SITE } from "../site";
import { Chart } from "./Chart";
import type { Page } from "./page";
import { Steps } from "./Steps";

function Home(): JSX.Element {
  return (
    <>
      <section class="hero">
        <div class="width hero-row">
          <div class="hero-words">
            <p class="eyebrow">Financial trading education</p>
            <h1>Learn to trade before it costs you money.</h1>
            <p class="lead">{SITE.description}</p>
            <Island name="hero" />
            <p class="small">One mail when new places open. We give your address to nobody.</p>
          </div>
          <Chart />
        </div>
      </section>
      <Steps />
      <section id="plans" class="part part-sunken" aria-labelledby="plans-title">
        <div class="width">
          <h2 id="plans-title">Plans</h2>
          <p class="part-lead">
            Try first, decide later. Cancel whenever you like; what you have paid for stays yours until it ends.
          </p>
          <Island name="plans" />
          <noscript>
            <p class="card">
              Prices come from our billing, by a script. Without scripts, <a href="/contact">write to us</a> and we send
              them.
            </p>
          </noscript>
        </div>
      </section>
      <section id="trial" class="part" aria-labelledby="trial-title">
        <div class="width trial-row">
          <div>
            <h2 id="trial-title">Try it for free</h2>
            <p class="part-lead">
              Leave your address, and we send you what you need to begin. No card, no call, no subscription that begins
              by itself.
            </p>
            <ul class="points">
              <li>All modules, and one test of each kind</li>
              <li>Simulated markets with exact accounts</li>
              <li>Invite colleagues into the same account</li>
            </ul>
          </div>
          <div class="card">
            <Island name="trial" />
          </div>
        </div>
      </section>
    </>
  );
}

export const home: Page = {
  file: "index.html",
  title: SITE.name,
  description: SITE.description,
  found: true,
  body: () => <Home />,
};
