//! A form of a view: fields, what is wrong with them and how many are, a button, and where it makes sense a way out.

import type { Problem } from "@rerp/shared/api";
import { createSubmission, type Values } from "@rerp/shared/form";
import { Button, Field, type FieldSpec, ProblemNotice } from "@rerp/shared/ui";
import { createSignal, For, type JSX, onMount, Show } from "solid-js";

export interface FormProps {
  readonly fields: readonly FieldSpec[];
  readonly button: string;
  readonly busy: string;
  /** Sends it, under a key that stays while what is filled in does; none: it was taken. */
  readonly send: (values: Values, key: string) => Promise<Problem | undefined>;
  readonly cancel?: () => void;
  /** It takes the focus: it stands for something that had it. */
  readonly focus?: boolean;
  /** The form stays after it was taken, as it was made: filled in anew by whoever gives its fields. */
  readonly stays?: boolean;
  /** What stands between the fields and the button. */
  readonly children?: JSX.Element;
}

/** A form. A taken one takes nothing more, so one that stays is made anew. */
export function Form(props: FormProps): JSX.Element {
  const [round, setRound] = createSignal(1);
  const send = async (values: Values, key: string) => {
    const problem = await props.send(values, key);
    if (!problem && props.stays) {
      queueMicrotask(() => setRound((before) => before + 1));
    }
    return problem;
  };
  return (
    <Show when={round()} keyed>
      <Fields {...props} send={send} focus={props.focus || round() > 1} />
    </Show>
  );
}

function Fields(props: FormProps): JSX.Element {
  const submission = createSubmission({
    fields: props.fields.map((field) => field.name),
    send: (values, key) => props.send(values, key),
  });
  let form: HTMLFormElement | undefined;
  onMount(() => {
    if (props.focus) {
      form?.querySelector<HTMLElement>("input, select, textarea")?.focus();
    }
  });
  const wrong = () => props.fields.filter((field) => submission.mistake(field.name));
  return (
    <form class="form" method="post" noValidate ref={(element) => (form = element)} onSubmit={submission.submit}>
      <div class="notice-place" role="alert">
        <Show when={wrong().length > 0}>
          <p class="mistake">
            Not right yet:{" "}
            {wrong()
              .map((field) => field.label)
              .join(", ")}
            .
          </p>
        </Show>
      </div>
      <For each={props.fields}>{(spec) => <Field spec={spec} mistake={submission.mistake(spec.name)} />}</For>
      {props.children}
      <ProblemNotice problem={submission.problem()} />
      <div class="row">
        <Button type="submit" weight="first" busy={submission.phase() === "sending"}>
          {submission.phase() === "sending" ? props.busy : props.button}
        </Button>
        <Show when={props.cancel}>{(cancel) => <Button onClick={() => cancel()()}>Cancel</Button>}</Show>
      </div>
    </form>
  );
}
