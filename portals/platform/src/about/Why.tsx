//! Asks why somebody looks.

import type { Problem } from "@rerp/shared/api";
import { Form } from "@rerp/shared/app";
import type { FieldSpec } from "@rerp/shared/ui";
import type { JSX } from "solid-js";
import { unfit } from "./reasons";

export const REASON: FieldSpec = {
  name: "reason",
  label: "Why do you look?",
  required: true,
  maxlength: 500,
  hint: "It is written down with everything that you look at and change, for good. Name a ticket, and no person. Plain letters only (A to Z): ae for ä, e for é.",
};

/** What is wrong with the reason in a form, if anything is. */
export function refused(reason: string | undefined): Problem | undefined {
  const wrong = unfit(reason ?? "");
  return wrong ? { kind: "invalid-value", fields: { reason: wrong } } : undefined;
}

export function Why(props: {
  readonly say: (reason: string) => void;
  readonly value?: string;
  readonly cancel?: () => void;
}): JSX.Element {
  const send = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    const problem = refused(values.reason);
    if (!problem) {
      props.say(values.reason ?? "");
    }
    return problem;
  };
  return (
    <section class="card narrow" aria-label="Reason">
      <Form
        fields={[{ ...REASON, value: props.value ?? "" }]}
        button="Go on"
        busy="Going on …"
        send={send}
        focus={Boolean(props.cancel)}
        {...(props.cancel ? { cancel: props.cancel } : {})}
      />
    </section>
  );
}
