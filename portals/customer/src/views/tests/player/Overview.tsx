//! A way to each question, with what became of it. The arrow keys go along it.

import { For, type JSX } from "solid-js";
import type { Play } from "./play";
import { shown, unsaved } from "./saving";

export function Overview(props: {
  readonly play: Play;
  readonly at: number;
  readonly go: (at: number) => void;
}): JSX.Element {
  let list: HTMLOListElement | undefined;
  const count = () => props.play.session().questions.length + 1;
  const move = (event: KeyboardEvent) => {
    const buttons = Array.from(list?.querySelectorAll("button") ?? []);
    const from = event.target instanceof HTMLButtonElement ? buttons.indexOf(event.target) : -1;
    const ways: Readonly<Record<string, number>> = {
      ArrowRight: from + 1,
      ArrowLeft: from - 1,
      Home: 0,
      End: count() - 1,
    };
    const to = ways[event.key];
    if (to !== undefined && from >= 0) {
      event.preventDefault();
      buttons[(to + count()) % count()]?.focus();
    }
  };
  return (
    <nav aria-label="Questions" onKeyDown={move}>
      <ol class="player-overview" ref={(element) => (list = element)}>
        <For each={props.play.session().questions}>
          {(question, at) => (
            <li>
              <button
                type="button"
                class="player-step"
                data-is={mark(props.play, question.question_id)}
                aria-current={at() === props.at ? "step" : undefined}
                onClick={() => props.go(at())}
              >
                <span aria-hidden="true">{at() + 1}</span>
                <span class="visually-hidden">
                  Question {at() + 1}, {WORDS[mark(props.play, question.question_id)]}
                </span>
              </button>
            </li>
          )}
        </For>
        <li>
          <button
            type="button"
            class="player-step player-last"
            aria-current={props.at === count() - 1 ? "step" : undefined}
            onClick={() => props.go(count() - 1)}
          >
            Hand in
          </button>
        </li>
      </ol>
    </nav>
  );
}

export const WORDS = { open: "not answered", unsaved: "answered, not saved yet", saved: "answered and saved" } as const;

/** What became of a question. */
export function mark(play: Play, id: string): keyof typeof WORDS {
  const state = play.saver.state();
  if (unsaved(state).includes(id)) {
    return "unsaved";
  }
  const given = shown(state, id);
  return given?.value || given?.choices?.length ? "saved" : "open";
}
