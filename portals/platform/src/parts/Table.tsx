//! A table, which is moved within its own place where the window is narrower than it.

import { For, type JSX } from "solid-js";
import "./parts.css";

export function Table(props: {
  /** What it shows. */
  readonly label: string;
  readonly columns: readonly string[];
  /** Its rows. */
  readonly children: JSX.Element;
}): JSX.Element {
  return (
    // What moves within itself has to be moved by keys too.
    <figure class="table-place" aria-label={props.label} tabindex="0">
      <table class="table">
        <thead>
          <tr>
            <For each={props.columns}>{(column) => <th scope="col">{column}</th>}</For>
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </figure>
  );
}
