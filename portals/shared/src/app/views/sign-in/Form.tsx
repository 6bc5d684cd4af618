//! A form of these views: fields, what is wrong, a button. What it is sent to and what follows is said by whoever shows it.

import type { Problem } from "@rerp/shared/api";
import { createSubmission, type Values } from "@rerp/shared/form";
import { Button, Field, type FieldSpec, ProblemNotice } from "@rerp/shared/ui";
import { For, type JSX } from "solid-js";

export const EMAIL: FieldSpec = {
  name: "email",
  label: "E-mail address",
  type: "email",
  autocomplete: "username",
  required: true,
  maxlength: 254,
};
export const PASSWORD: FieldSpec = {
  name: "password",
  label: "Password",
  type: "password",
  autocomplete: "current-password",
  required: true,
  // Supabase reads no further, and what is longer would be refused.
  maxlength: 72,
};
export const NEW_PASSWORD: FieldSpec = {
  ...PASSWORD,
  label: "New password",
  autocomplete: "new-password",
  hint: "Long is better than complicated: a few words that you remember.",
};
export const CODE: FieldSpec = {
  name: "code",
  label: "Code from the mail",
  inputmode: "numeric",
  autocomplete: "one-time-code",
  required: true,
  maxlength: 12,
};

export interface FormProps {
  readonly fields: readonly FieldSpec[];
  readonly button: string;
  readonly busy: string;
  /** Sends it; none: it was taken, and something else is shown instead. */
  readonly send: (values: Values) => Promise<Problem | undefined>;
}

export function Form(props: FormProps): JSX.Element {
  const submission = createSubmission({
    fields: props.fields.map((field) => field.name),
    send: (values) => props.send(values),
  });
  return (
    <form class="form" method="post" noValidate onSubmit={submission.submit}>
      <For each={props.fields}>{(spec) => <Field spec={spec} mistake={submission.mistake(spec.name)} />}</For>
      <ProblemNotice problem={submission.problem()} />
      <div>
        <Button type="submit" weight="first" busy={submission.phase() === "sending"}>
          {submission.phase() === "sending" ? props.busy : props.button}
        </Button>
      </div>
    </form>
  );
}
