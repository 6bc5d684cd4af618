//! One question: its text, and what it is answered with. What is chosen is handed on at once.

import { createEffect, createSignal, createUniqueId, For, type JSX, Match, on, Show, Switch } from "solid-js";
import { amount } from "../admission";
import { fits, parse, show } from "../decimal";
import type { Given, Question } from "../types";

export interface QuestionProps {
  readonly question: Question;
  readonly given: Given | undefined;
  readonly disabled: boolean;
  readonly edit: (answer: Given) => void;
}

export function QuestionPage(props: QuestionProps): JSX.Element {
  const worth = () => props.question.points * props.question.weight;
  return (
    <>
      <Switch>
        <Match when={props.question.kind === "numeric"}>
          <Numeric {...props} />
        </Match>
        <Match when={props.question.kind !== "numeric"}>
          <Choices {...props} />
        </Match>
      </Switch>
      <p class="hint">{amount(worth(), "point")}</p>
    </>
  );
}

function Choices(props: QuestionProps): JSX.Element {
  const id = createUniqueId();
  const isOne = () => props.question.kind === "single_choice";
  const chosen = () => props.given?.choices ?? [];
  const choose = (choice: string, isChosen: boolean) => {
    const others = isOne() ? [] : chosen().filter((each) => each !== choice);
    props.edit({ choices: isChosen ? [...others, choice] : others });
  };
  return (
    <fieldset class="choices" disabled={props.disabled}>
      <legend class="prompt">{props.question.prompt}</legend>
      <p class="hint">{isOne() ? "Choose one." : "Choose all that are right."}</p>
      <For each={props.question.choices}>
        {(choice) => (
          <div class="choice player-choice">
            <input
              id={`${id}-${choice.id}`}
              name={id}
              type={isOne() ? "radio" : "checkbox"}
              checked={chosen().includes(choice.id)}
              onChange={(event) => choose(choice.id, event.currentTarget.checked)}
            />
            <label for={`${id}-${choice.id}`}>{choice.text}</label>
          </div>
        )}
      </For>
      <Show when={isOne() && chosen().length > 0}>
        <div>
          <button type="button" class="button button-quiet player-none" onClick={() => props.edit({ choices: [] })}>
            Take the answer back
          </button>
        </div>
      </Show>
    </fieldset>
  );
}

function Numeric(props: QuestionProps): JSX.Element {
  const id = createUniqueId();
  const [text, setText] = createSignal(props.given?.value ?? "");
  const places = () => props.question.decimals;
  const isWrong = () => text() !== "" && !fits(text(), places());
  // What the server has instead of what was typed is shown, where it was refused.
  createEffect(
    on(
      () => props.given?.value ?? "",
      (value) => fits(text(), places()) && parse(text(), places()) !== parse(value, places()) && setText(value),
      { defer: true },
    ),
  );
  const type = (typed: string) => {
    const value = typed.trim().replace(",", ".");
    setText(value);
    const exact = parse(value, places());
    if (exact !== undefined) {
      // In the form in which it comes back.
      props.edit({ value: show(exact, places(), places()) });
    }
  };
  const wanted = () =>
    places() === 0 ? "A whole number." : `A number with at most ${amount(places(), "decimal place")}.`;
  const stays = () => (props.given?.value ? ` Your answer is still ${props.given.value}.` : "");
  return (
    <div class="field">
      <label class="prompt" for={id}>
        {props.question.prompt}
      </label>
      <input
        id={id}
        class="input player-number"
        inputmode={places() === 0 ? "numeric" : "decimal"}
        autocomplete="off"
        maxlength={20}
        disabled={props.disabled}
        value={text()}
        aria-describedby={isWrong() ? `${id}-hint ${id}-mistake` : `${id}-hint`}
        aria-invalid={isWrong() ? "true" : undefined}
        onInput={(event) => type(event.currentTarget.value)}
      />
      <p id={`${id}-hint`} class="hint">
        {wanted()}
      </p>
      <Show when={isWrong()}>
        <p id={`${id}-mistake`} class="mistake">
          This isn't such a number, and isn't saved.{stays()}
        </p>
      </Show>
    </div>
  );
}
