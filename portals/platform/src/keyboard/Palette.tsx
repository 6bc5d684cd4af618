//! What Ctrl+K opens: a field in a dialog, and a list of where it leads (a combobox, as programs that read pages aloud know it). Arrows choose, Enter goes.

import { Dialog } from "@rerp/shared/dialog";
import { useNavigate } from "@solidjs/router";
import { createSignal, createUniqueId, For, type JSX, Show } from "solid-js";
import { VIEWS } from "../views";
import { type Place, places } from "./places";
import "./palette.css";

export default function Palette(props: { readonly open: boolean; readonly close: () => void }): JSX.Element {
  const navigate = useNavigate();
  const go = (place: Place) => {
    props.close();
    // The dialog gives the focus back first; then the view takes it.
    setTimeout(() => navigate(place.path));
  };
  return (
    <Dialog
      open={props.open}
      close={props.close}
      title="Go to"
      description="A view, or a person or an account by identifier."
    >
      <Combobox go={go} />
    </Dialog>
  );
}

function Combobox(props: { readonly go: (place: Place) => void }): JSX.Element {
  const id = createUniqueId();
  const [typed, setTyped] = createSignal("");
  const [at, setAt] = createSignal(0);
  const found = () => places(VIEWS, typed());
  const option = (which: number) => `${id}-${which}`;
  const type = (text: string) => {
    setTyped(text);
    setAt(0);
  };
  const move = (by: number) => setAt((before) => (before + by + found().length) % Math.max(1, found().length));
  const press = (event: KeyboardEvent) => {
    const place = found()[at()];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && place) {
      event.preventDefault();
      props.go(place);
    }
  };
  return (
    <div class="field">
      <label for={id}>Where to</label>
      <input
        id={id}
        name="palette"
        class="input"
        type="text"
        role="combobox"
        autocomplete="off"
        maxlength="254"
        aria-autocomplete="list"
        aria-expanded={found().length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={found().length > 0 ? option(at()) : undefined}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={press}
      />
      <div id={`${id}-list`} class="palette" role="listbox" aria-label="Places" hidden={found().length === 0}>
        <For each={found()}>
          {(place, which) => (
            // The field keeps the focus, and has the keys.
            <button
              type="button"
              id={option(which())}
              class="palette-place"
              role="option"
              tabindex="-1"
              aria-selected={which() === at()}
              onPointerMove={() => setAt(which())}
              onClick={() => props.go(place)}
            >
              {place.label}
            </button>
          )}
        </For>
      </div>
      <p role="status" class="hint">
        <Show when={found().length === 0}>Nothing is called so.</Show>
      </p>
    </div>
  );
}
