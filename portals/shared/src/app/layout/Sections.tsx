//! The views that belong together, above each of them.

import { A } from "@solidjs/router";
import { For, type JSX } from "solid-js";

export function Sections(props: {
  /** What they have in common. */
  readonly name: string;
  readonly all: readonly (readonly [path: string, label: string])[];
}): JSX.Element {
  return (
    <nav class="head-links sections" aria-label={props.name}>
      <For each={props.all}>
        {([path, label]) => (
          <A href={path} end>
            {label}
          </A>
        )}
      </For>
    </nav>
  );
}
