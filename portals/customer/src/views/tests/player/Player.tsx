//! The questions of a session, one a page, with a way to each of them, and last a page to look through and hand in.

import { Button } from "@rerp/shared/ui";
import { createEffect, createSignal, type JSX, on, onCleanup, onMount, Show } from "solid-js";
import { Scenarios } from "../scenario/Scenarios";
import type { Module } from "../types";
import { Leaving } from "./Leaving";
import { Over } from "./Over";
import { Overview } from "./Overview";
import type { Play } from "./play";
import { QuestionPage } from "./QuestionPage";
import { Review } from "./Review";
import { Saved, Told } from "./Saved";
import { shown, unsaved } from "./saving";
import { Timer } from "./Timer";

export function Player(props: { readonly play: Play; readonly module: Module }): JSX.Element {
  const [at, setAt] = createSignal(0);
  const questions = () => props.play.session().questions;
  const state = () => props.play.saver.state();
  const question = () => questions()[at()];
  let heading: HTMLHeadingElement | undefined;
  createEffect(on(at, () => heading?.focus(), { defer: true }));

  const warn = (event: BeforeUnloadEvent) => {
    if (unsaved(state()).length > 0) {
      event.preventDefault();
    }
  };
  onMount(() => window.addEventListener("beforeunload", warn));
  onCleanup(() => window.removeEventListener("beforeunload", warn));
  const isOver = () => (props.play.countdown.left() ?? 1) <= 0;
  const isClosed = () => isOver() || props.play.ending() === "ending";
  const title = () => (question() ? `Question ${at() + 1} of ${questions().length}` : "Look through and hand in");
  return (
    <div class="player">
      <div class="player-head">
        <p class="player-module">{props.module.title}</p>
        <Timer countdown={props.play.countdown} />
        <Saved saver={props.play.saver} />
      </div>
      <Told play={props.play} />
      <Leaving saver={props.play.saver} />
      <Show when={isOver()}>
        <Over play={props.play} />
      </Show>
      <Overview play={props.play} at={at()} go={setAt} />
      <section class="card player-page" aria-labelledby="player-heading">
        <h2 id="player-heading" tabindex="-1" ref={(element) => (heading = element)}>
          {title()}
        </h2>
        <Show when={question()} keyed fallback={<Review play={props.play} go={setAt} />}>
          {(found) => (
            <QuestionPage
              question={found}
              given={shown(state(), found.question_id)}
              disabled={isClosed()}
              edit={(answer) => props.play.saver.edit(found.question_id, answer)}
            />
          )}
        </Show>
      </section>
      <div class="player-ways">
        <Button disabled={at() === 0} onClick={() => setAt(at() - 1)}>
          Back
        </Button>
        <Show when={question()}>
          <Button weight="first" onClick={() => setAt(at() + 1)}>
            {at() + 1 < questions().length ? "Next question" : "Look through and hand in"}
          </Button>
        </Show>
      </div>
      <Show when={props.module.test_type === "interactive_scenario"}>
        <Scenarios session={props.play.session()} />
      </Show>
    </div>
  );
}
