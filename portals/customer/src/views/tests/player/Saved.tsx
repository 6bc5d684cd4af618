//! Whether the server has the answers, and which it has refused.

import { Button } from "@rerp/shared/ui";
import { createSignal, For, type JSX, onCleanup, onMount, Show } from "solid-js";
import { amount } from "../admission";
import type { Play } from "./play";
import type { Saver } from "./saver";
import { unsaved, type Why } from "./saving";

/** Whether this machine says that it has a network. It says so too easily, and never that it has none without cause. */
function createOnline(): () => boolean {
  const [isOnline, setOnline] = createSignal(navigator.onLine);
  const look = () => setOnline(navigator.onLine);
  onMount(() => {
    window.addEventListener("online", look);
    window.addEventListener("offline", look);
  });
  onCleanup(() => {
    window.removeEventListener("online", look);
    window.removeEventListener("offline", look);
  });
  return isOnline;
}

export function Saved(props: { readonly saver: Saver }): JSX.Element {
  const isOnline = createOnline();
  const state = () => props.saver.state();
  const open = () => unsaved(state()).length;
  /** Saving that goes well is nothing to be told of. */
  const isTrouble = () => open() > 0 && (!isOnline() || state().failures > 0);
  const trouble = () => {
    const what = `Not saved yet: ${amount(open(), "answer")}.`;
    if (!isOnline()) {
      return `${what} You are offline. Stay on this page: they are saved as soon as you are back.`;
    }
    return state().phase === "stuck" ? `${what} We can't be reached.` : `${what} We keep trying.`;
  };
  return (
    <div class="player-saved">
      <Show when={!isTrouble()}>
        <p class="hint">{open() > 0 ? "Saving …" : "All answers are saved."}</p>
      </Show>
      <p role="status" class="mistake">
        <Show when={isTrouble()}>{trouble()}</Show>
      </p>
      <Show when={isTrouble() && state().phase !== "send"}>
        <Button onClick={() => props.saver.wake()}>Save now</Button>
      </Show>
    </div>
  );
}

const WHY: Readonly<Record<Why, string>> = {
  changed: "something else was saved meanwhile, in another window or on another device. Shown is what is saved now.",
  wrong: "the answer doesn't fit the question, and wasn't saved.",
  ended: "the answer came after the end, and wasn't saved.",
  gone: "the answer couldn't be saved.",
};

/** What was refused. It stays until somebody has read it. */
export function Told(props: { readonly play: Play }): JSX.Element {
  const refused = () => props.play.saver.state().refused;
  return (
    <div class="notice-place" role="alert">
      <Show when={refused().length > 0}>
        <div class="notice notice-wrong">
          <Lines play={props.play} />
          <Button onClick={() => props.play.saver.told()}>I have read this</Button>
        </div>
      </Show>
    </div>
  );
}

function Lines(props: { readonly play: Play }): JSX.Element {
  const place = (id: string) => props.play.session().questions.findIndex((each) => each.question_id === id) + 1;
  return (
    <ul>
      <For each={props.play.saver.state().refused}>
        {(each) => (
          <li>
            Question {place(each.id)}: {WHY[each.why]}
          </li>
        )}
      </For>
    </ul>
  );
}
