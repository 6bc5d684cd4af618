//! The question what this browser may remember. Both answers weigh the same. Nothing is remembered, and nothing loaded from elsewhere, before it is answered.

import { Button } from "@rerp/shared/ui";
import type { JSX } from "solid-js";
import type { Choice } from "./store";

export function Banner(props: { readonly decide: (choice: Choice) => void }): JSX.Element {
  return (
    <section class="choices card" aria-labelledby="choices-title">
      <h2 id="choices-title" class="choices-title">
        What may this browser remember?
      </h2>
      <p>
        We follow nobody. With your leave your browser notes that it has shown you a reminder, so that you see it once.{" "}
        <a href="/legal/privacy#browser">More about this</a>
      </p>
      <div class="choices-buttons">
        <Button onClick={() => props.decide("needed")}>Only what is needed</Button>
        <Button onClick={() => props.decide("more")}>That is fine</Button>
      </div>
    </section>
  );
}
