//! The last page: what is answered, and handing in. Without a network nothing is handed in behind somebody's back.

import { Button, ProblemNotice } from "@rerp/shared/ui";
import { For, type JSX, Show } from "solid-js";
import { amount } from "../admission";
import { mark, WORDS } from "./Overview";
import type { Play } from "./play";

export function Review(props: { readonly play: Play; readonly go: (at: number) => void }): JSX.Element {
  const questions = () => props.play.session().questions;
  const open = () => questions().filter((question) => mark(props.play, question.question_id) === "open").length;
  const isBusy = () => props.play.ending() === "ending";
  return (
    <div class="stack">
      <p>
        {open() === 0
          ? "Every question is answered. "
          : `${amount(open(), "question")} of ${questions().length} ${open() === 1 ? "isn't" : "aren't"} answered, and will count nothing. `}
        Once you hand in, nothing can be changed.
      </p>
      <ol class="player-review">
        <For each={questions()}>
          {(question, at) => (
            <li>
              <button type="button" class="player-link" onClick={() => props.go(at())}>
                Question {at() + 1}
              </button>
              : {WORDS[mark(props.play, question.question_id)]}
            </li>
          )}
        </For>
      </ol>
      <ProblemNotice problem={props.play.problem()} />
      <div class="notice-place" role="alert">
        <Show when={props.play.ending() === "unsaved"}>
          <div class="notice notice-wrong">
            <p>Some answers can't be saved right now. You can try again, or hand in without them.</p>
            <Button onClick={() => void props.play.handIn(true)}>Hand in without them</Button>
          </div>
        </Show>
      </div>
      <Button weight="first" busy={isBusy()} onClick={() => void props.play.handIn()}>
        {isBusy() ? "Handing in …" : "Hand in"}
      </Button>
    </div>
  );
}
