//! A course: its modules, what is passed, and what the certificate still takes.

import { A } from "@solidjs/router";
import { For, type JSX, Match, Show, Switch } from "solid-js";
import { amount } from "./admission";
import type { Course, Step } from "./courses";
import { isFinal } from "./courses";
import { duration, percent } from "./figures";
import { Start } from "./Start";

const KINDS = {
  module_quiz: "Questions",
  interactive_scenario: "Questions and a scenario at a market",
  final_assessment: "Final assessment",
} as const;

export function CourseCard(props: { readonly course: Course; readonly account: string | undefined }): JSX.Element {
  const id = () => `course-${props.course.name}`;
  const done = () => props.course.steps.filter((step) => step.passed).length;
  return (
    <section class="card tests-course" aria-labelledby={id()}>
      <h2 id={id()}>{props.course.name}</h2>
      <div class="tests-progress">
        <progress value={done()} max={props.course.steps.length} aria-labelledby={`${id()}-done`} />
        <span id={`${id()}-done`}>
          {done()} of {amount(props.course.steps.length, "test")} passed
        </span>
      </div>
      <Needed course={props.course} />
      <ul class="tests-modules">
        <For each={props.course.steps}>{(step) => <Row step={step} account={props.account} />}</For>
      </ul>
    </section>
  );
}

function Needed(props: { readonly course: Course }): JSX.Element {
  const titles = () => props.course.open.map((module) => module.title).join(", ");
  return (
    <Switch
      fallback={
        <p>
          For the certificate you still need: <strong>{titles()}</strong>.
        </p>
      }
    >
      <Match when={props.course.progress?.fte_certificate_issued}>
        <p>
          You have earned the certificate of this course. <A href="/certificates">See your certificates</A>
        </p>
      </Match>
      <Match when={!props.course.hasFinal}>
        <p>This course has no final assessment yet, and so no certificate.</p>
      </Match>
      <Match when={props.course.open.length === 0}>
        <p>Everything is passed. The certificate comes with the next test that you pass.</p>
      </Match>
    </Switch>
  );
}

function Row(props: { readonly step: Step; readonly account: string | undefined }): JSX.Element {
  const module = () => props.step.module;
  return (
    <li class="tests-module">
      <div class="tests-about">
        <h3>{module().title}</h3>
        <p class="hint">
          {KINDS[module().test_type]} · {duration(module().time_limit_s)} · {percent(module().pass_bp)} of the points
          pass
        </p>
        <Show when={module().description}>
          <p>{module().description}</p>
        </Show>
      </div>
      <div class="tests-do">
        <span class={props.step.passed ? "proof-done" : "proof-open"}>
          {props.step.passed ? "Passed" : props.step.current ? "Begun last" : "Not passed yet"}
        </span>
        <Show when={!module().retired} fallback={<span class="hint">Not taught any more</span>}>
          <Start module={module()} account={props.account} again={props.step.passed} />
          <Show when={!isFinal(module()) && module().test_type === "interactive_scenario"}>
            <A class="tests-link" href={`/tests/practice/${module().code}`}>
              Practise<span class="visually-hidden"> for {module().title}</span>
            </A>
          </Show>
        </Show>
      </div>
    </li>
  );
}
