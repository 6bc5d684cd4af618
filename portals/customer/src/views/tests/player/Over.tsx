//! The time is over: what was answered is handed in without anybody's doing, and where that doesn't work it is said.

import { Button, ProblemNotice } from "@rerp/shared/ui";
import { type JSX, Show } from "solid-js";
import type { Play } from "./play";

export function Over(props: { readonly play: Play }): JSX.Element {
  const isOpen = () => props.play.ending() !== "ending";
  return (
    <div class="card stack">
      <p role="status">The time is over. {isOpen() ? "What is saved counts." : "Your answers are being handed in."}</p>
      <ProblemNotice problem={props.play.problem()} />
      <Show when={isOpen()}>
        <Button weight="first" onClick={() => void props.play.handIn(true)}>
          See the result
        </Button>
      </Show>
    </div>
  );
}
