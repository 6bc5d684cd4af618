//! Something that is loaded when somebody wants to see it.

import { createSignal, createUniqueId, type JSX, Show } from "solid-js";
import { Dynamic } from "solid-js/web";
import { below, LevelProvider, useLevel } from "./level";

export function Fold(props: { readonly label: string; readonly children: JSX.Element }): JSX.Element {
  const id = createUniqueId();
  const level = useLevel();
  const [isOpen, setOpen] = createSignal(false);
  return (
    <div class="fold card stack">
      <Dynamic component={level.heading}>
        <button
          type="button"
          id={`${id}-label`}
          class="button fold-button"
          aria-expanded={isOpen()}
          aria-controls={id}
          onClick={() => setOpen(!isOpen())}
        >
          {props.label}
        </button>
      </Dynamic>
      <div id={id} class="stack part" hidden={!isOpen()}>
        <LevelProvider value={below(level, `${id}-label`)}>
          <Show when={isOpen()}>{props.children}</Show>
        </LevelProvider>
      </div>
    </div>
  );
}
