//! The life of a form on a page: it is filled in, sent once, and either taken or given back with what is wrong, at the field where it is wrong.
//! In: a way to send. Out: signals for a page to show. What is typed stays in the page's own fields: it is there before this, and after a failure.

import { createSignal } from "solid-js";
import type { Problem } from "../api";
import { createKeys } from "./key";

/** What is filled in, by the names of fields. Empty fields are left out. */
export type Values = Readonly<Record<string, string>>;

/** Where a form is in its life. */
export type Phase = "open" | "sending" | "taken";

/** How a form is sent. */
export interface Sending {
  /** Names of its fields. */
  readonly fields: readonly string[];
  /** A field that people don't see: who fills it in is a program, and is told that the form was taken. None where nobody but people who are known can send it. */
  readonly trap?: string;
  /** Sends it; none: it was taken. */
  send(values: Values, key: string): Promise<Problem | undefined>;
}

/** A form on a page. */
export interface Submission {
  phase(): Phase;
  /** What is wrong with a field. */
  mistake(field: string): string | undefined;
  /** What is wrong with none of them. */
  problem(): Problem | undefined;
  submit(event: SubmitEvent): void;
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** Makes a form send itself, instead of the browser sending it. */
export function createSubmission(sending: Sending): Submission {
  const [phase, setPhase] = createSignal<Phase>("open");
  const [mistakes, setMistakes] = createSignal<Values>({});
  const [problem, setProblem] = createSignal<Problem>();
  const keyOf = createKeys();

  const refuse = (form: HTMLFormElement, wrong: Values) => {
    setMistakes(wrong);
    controls(form, sending.fields)
      .find((control) => control.name in wrong)
      ?.focus();
  };
  const send = async (form: HTMLFormElement, values: Values) => {
    setPhase("sending");
    const failure = await sending.send(values, keyOf(values));
    setPhase(failure ? "open" : "taken");
    if (failure) {
      const wrong = Object.fromEntries(
        Object.entries(failure.fields).filter(([name]) => sending.fields.includes(name)),
      );
      setProblem(Object.keys(wrong).length > 0 ? undefined : failure);
      refuse(form, wrong);
    }
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(form instanceof HTMLFormElement) || phase() !== "open") {
      return;
    }
    setProblem(undefined);
    const filled = new FormData(form);
    if (sending.trap && filled.get(sending.trap)) {
      setPhase("taken");
      return;
    }
    const wrong = unfit(form, sending.fields);
    refuse(form, wrong);
    if (Object.keys(wrong).length === 0) {
      void send(form, read(form, filled, sending.fields));
    }
  };
  return { phase, mistake: (field) => mistakes()[field], problem, submit };
}

function controls(form: HTMLFormElement, names: readonly string[]): Control[] {
  const isControl = (element: Element): element is Control =>
    element instanceof HTMLInputElement ||
    element instanceof HTMLSelectElement ||
    element instanceof HTMLTextAreaElement;
  return Array.from(form.elements)
    .filter(isControl)
    .filter((control) => names.includes(control.name));
}

/** What the browser itself finds wrong, in the words that it has for it, in the language of whoever uses it. */
function unfit(form: HTMLFormElement, names: readonly string[]): Values {
  const wrong = controls(form, names).filter((control) => !control.validity.valid);
  return Object.fromEntries(wrong.map((control) => [control.name, control.validationMessage]));
}

/** What is filled in, without the blanks around it; those of a password belong to it. */
function read(form: HTMLFormElement, filled: FormData, names: readonly string[]): Values {
  const whole = new Set(
    controls(form, names)
      .filter((control) => control.type === "password")
      .map((control) => control.name),
  );
  const texts = names.map((name) => {
    const text = String(filled.get(name) ?? "");
    return [name, whole.has(name) ? text : text.trim()];
  });
  return Object.fromEntries(texts.filter(([, text]) => text !== ""));
}
