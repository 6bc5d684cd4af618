//! A message within a page: that something went wrong, or well. Programs that read pages aloud read it as soon as it is there.

import { type JSX, Show } from "solid-js";
import type { Problem } from "../api";
import { useWords } from "./words";

export function ProblemNotice(props: { readonly problem: Problem | undefined }): JSX.Element {
  const words = useWords();
  return (
    <div class="notice-place" role="alert">
      <Show when={props.problem}>
        {(problem) => (
          <div class="notice notice-wrong">
            <p>{words(problem().kind)}</p>
            <Show when={problem().request}>
              <p class="notice-small">If you write to us about it, name this: {problem().request}</p>
            </Show>
          </div>
        )}
      </Show>
    </div>
  );
}

/** That something is done. It takes the focus, which would be lost with what it stands for. */
export function Done(props: { readonly title: string; readonly children: JSX.Element }): JSX.Element {
  return (
    <div
      class="notice notice-done"
      tabindex="-1"
      role="status"
      ref={(element) => queueMicrotask(() => element.focus())}
    >
      <p class="notice-title">{props.title}</p>
      {props.children}
    </div>
  );
}
