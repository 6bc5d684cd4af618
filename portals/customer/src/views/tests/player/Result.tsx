//! How a session ended, as the service says it, and what to do next.

import { A } from "@solidjs/router";
import { For, type JSX, Match, onMount, Show, Switch } from "solid-js";
import { amount } from "../admission";
import { moment } from "../clock";
import { minute, percent, reaches } from "../figures";
import type { Module, Question, Session } from "../types";
import type { Refused } from "./saving";

export interface ResultProps {
  readonly session: Session;
  readonly module: Module;
  /** Answers that weren't taken. */
  readonly refused?: readonly Refused[];
  /** It has just ended: the result takes the focus. */
  readonly arrived?: boolean;
}

export function Result(props: ResultProps): JSX.Element {
  let heading: HTMLHeadingElement | undefined;
  onMount(() => props.arrived && heading?.focus());
  const lost = () => (props.refused ?? []).filter((each) => each.why === "ended").length;
  return (
    <section class="card stack result" aria-labelledby="result">
      <p class="player-module">{props.module.title}</p>
      <h2 id="result" tabindex="-1" ref={(element) => (heading = element)}>
        {props.session.passed ? "Passed" : "Not passed"}
      </h2>
      <p>
        <strong>
          {props.session.points_earned ?? 0} of {amount(props.session.points_total, "point")}
        </strong>
        . {percent(props.session.pass_bp)} of the points pass.
      </p>
      <Show when={props.session.status === "expired"}>
        <p>The time was over before it was handed in. What was saved until then was graded.</p>
      </Show>
      <Show when={lost() > 0}>
        <p class="notice notice-wrong">{amount(lost(), "answer")} came after the end and couldn't be counted.</p>
      </Show>
      <Next session={props.session} module={props.module} />
      <Show when={props.session.passed}>
        <Answers questions={props.session.questions} />
      </Show>
      <A href="/tests">All tests</A>
    </section>
  );
}

function Next(props: { readonly session: Session; readonly module: Module }): JSX.Element {
  const isScenarioOpen = () =>
    props.session.test_type === "interactive_scenario" &&
    reaches(props.session.points_earned ?? 0, props.session.points_total, props.session.pass_bp);
  const again = () => (moment(props.session.completed_at) ?? 0) + props.module.retry_pause_s * 1_000;
  return (
    <Switch>
      <Match when={props.session.certificate_id}>
        {(id) => (
          <p>
            That was the last thing it took: you have the certificate.{" "}
            <A href={`/certificates/${id()}`}>See the certificate</A>
          </p>
        )}
      </Match>
      <Match when={props.session.passed}>
        <p>Go on with the next test of the course.</p>
      </Match>
      <Match when={!props.session.passed}>
        <Show when={isScenarioOpen()}>
          <p>
            The points suffice. What is missing is a scenario of at least 60 bars, carried to its last bar, with
            decisions at five bars or more.
          </p>
        </Show>
        <p>
          <Show when={props.module.retry_pause_s > 0} fallback="You can try again now.">
            You can try again from {minute(again())} on.
          </Show>
        </p>
      </Match>
    </Switch>
  );
}

/** Which answers were right: the service tells whoever has passed. */
function Answers(props: { readonly questions: readonly Question[] }): JSX.Element {
  const word = (question: Question) =>
    question.is_correct === null ? "not answered" : question.is_correct ? "right" : "wrong";
  return (
    <ol class="result-answers">
      <For each={props.questions}>
        {(question) => (
          <li>
            <span class="prompt">{question.prompt}</span>{" "}
            <span class={question.is_correct ? "proof-done" : "proof-open"}>
              {word(question)}, {amount(question.points_awarded ?? 0, "point")}
            </span>
          </li>
        )}
      </For>
    </ol>
  );
}
