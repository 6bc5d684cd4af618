//! The phases of a split that goes well, in their order: which are done, which is under way, which are to come.

import { For, type JSX, Show } from "solid-js";
import { phaseWords, STEPS } from "./words";

/** What is said of a step to whoever doesn't see its mark; the present one says it to everybody. */
const WORDS = { done: "Done: ", later: "Not yet: " } as const;

/** `phase`: one that isn't on the way is told in words alone. */
export function Steps(props: { readonly phase: string }): JSX.Element {
  const present = () => STEPS.findIndex(([name]) => name === props.phase);
  const stateOf = (index: number): "done" | "now" | "later" => {
    // Nothing comes after the last one: whoever is there is through.
    if (index < present() || props.phase === STEPS.at(-1)?.[0]) {
      return "done";
    }
    return index === present() ? "now" : "later";
  };
  return (
    <Show when={present() >= 0} fallback={<p class="notice">{phaseWords(props.phase)}</p>}>
      <ol class="steps">
        <For each={STEPS}>
          {([, words], index) => (
            <li class={`step step-${stateOf(index())}`} aria-current={index() === present() ? "step" : undefined}>
              <Mark state={stateOf(index())} />
              {words}
            </li>
          )}
        </For>
      </ol>
    </Show>
  );
}

function Mark(props: { readonly state: "done" | "now" | "later" }): JSX.Element {
  return (
    <Show
      when={props.state !== "now" && WORDS[props.state]}
      fallback={
        <>
          <span class="tag">Now</span>{" "}
        </>
      }
    >
      {(words) => <span class="visually-hidden">{words()}</span>}
    </Show>
  );
}
