//! Asks for what nobody can take back: something is typed as consent, and nothing is sent before it is right.

import type { Problem } from "@rerp/shared/api";
import { Form } from "@rerp/shared/app";
import { Button, type FieldSpec } from "@rerp/shared/ui";
import { createSignal, type JSX, Show } from "solid-js";

export interface ConsentProps {
  /** On the button that shows the form, and on the one that sends it. */
  readonly open: string;
  readonly button: string;
  readonly field: FieldSpec;
  /** What is to be typed, in small letters. */
  readonly word: string;
  /** What is said of anything else. */
  readonly refusal: string;
  readonly send: () => Promise<Problem | undefined>;
}

export function Consent(props: ConsentProps): JSX.Element {
  const [isOpen, setOpen] = createSignal(false);
  const send = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    const { name } = props.field;
    return values[name]?.toLowerCase() === props.word
      ? props.send()
      : { kind: "invalid-value", fields: { [name]: props.refusal } };
  };
  return (
    <Show when={isOpen()} fallback={<Button onClick={() => setOpen(true)}>{props.open}</Button>}>
      <Form
        fields={[props.field]}
        button={props.button}
        busy="Asking …"
        send={send}
        cancel={() => setOpen(false)}
        focus
      />
    </Show>
  );
}
