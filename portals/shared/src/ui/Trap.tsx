//! A field that people don't see and programs fill in.

import { createUniqueId, type JSX } from "solid-js";

export function Trap(props: { readonly name: string }): JSX.Element {
  const id = createUniqueId();
  return (
    <div class="trap" aria-hidden="true">
      <label for={id}>Leave this empty</label>
      <input id={id} name={props.name} type="text" tabindex="-1" autocomplete="off" />
    </div>
  );
}
