//! The scenario of a test that needs one: a way to begin it, and back to the one that was begun.

import { A, useSearchParams } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { type JSX, Show } from "solid-js";
import type { Session } from "../types";
import { Begin } from "./Begin";

/** The fewest bars of a scenario that counts for a test. */
const LEAST = 60;
const BEGUN = ["fte", "begun"];

export function Scenarios(props: { readonly session: Session }): JSX.Element {
  // The service lists no scenarios. Which one it is, the way back from it says, and otherwise whoever began it here remembers for as long as the page lives.
  const [search] = useSearchParams<{ scenario?: string }>();
  const queries = useQueryClient();
  queries.setQueryDefaults(BEGUN, { gcTime: Number.POSITIVE_INFINITY });
  const key = () => [...BEGUN, props.session.session_id];
  const scenario = () => search.scenario ?? queries.getQueryData<string>(key());
  return (
    <section class="card stack" aria-labelledby="scenarios">
      <h2 id="scenarios">Scenario</h2>
      <p>This test includes a scenario that has to be carried to its last bar.</p>
      <Show when={scenario()}>{(id) => <A href={`/tests/scenarios/${id()}`}>Go on with your scenario</A>}</Show>
      <details open={!scenario()}>
        <summary>New scenario</summary>
        <Begin
          part={{ session_id: props.session.session_id }}
          least={LEAST}
          begun={(id) => queries.setQueryData(key(), id)}
        />
      </details>
    </section>
  );
}
