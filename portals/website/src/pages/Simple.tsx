//! A page with one column of text.

import type { JSX } from "solid-js";

export function Simple(props: { readonly title: string; readonly children: JSX.Element }): JSX.Element {
  return (
    <div class="width simple">
      <h1 class="simple-title">{props.title}</h1>
      <div class="prose">{props.children}</div>
    </div>
  );
}
