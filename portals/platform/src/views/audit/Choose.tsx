//! Which rows of the trail are shown: of which service, and of whom.

import type { Problem } from "@rerp/shared/api";
import { Form } from "@rerp/shared/app";
import type { FieldSpec } from "@rerp/shared/ui";
import type { JSX } from "solid-js";
import { identifier } from "../search/find";

/** Which rows are shown. */
export interface Filter {
  readonly service: string;
  /** Of this person's data only; Identity alone looks for it. */
  readonly subject: string;
}

export const SERVICES = [
  { value: "identity", label: "Identity: people, contacts, sign-ins" },
  { value: "marketing", label: "Marketing: leads and messages" },
];

/** What is shown before somebody chooses. */
export const FIRST: Filter = { service: "identity", subject: "" };

const fieldsOf = (filter: Filter): readonly FieldSpec[] => [
  {
    name: "service",
    label: "Service",
    required: true,
    maxlength: 20,
    value: filter.service,
    choices: SERVICES,
  },
  {
    name: "subject",
    label: "Of this person only",
    maxlength: 36,
    value: filter.subject,
    hint: "Their identifier. Identity alone can look for it.",
  },
];

export function Choose(props: { readonly filter: Filter; readonly choose: (filter: Filter) => void }): JSX.Element {
  const send = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    const { service = "identity", subject: text = "" } = values;
    const subject = text ? identifier(text) : "";
    if (subject === undefined) {
      return { kind: "invalid-value", fields: { subject: "This is no identifier: those have 36 characters." } };
    }
    if (subject && service !== "identity") {
      return { kind: "invalid-value", fields: { subject: "Leave this empty: this service can't look for it." } };
    }
    props.choose({ service, subject });
    return undefined;
  };
  return (
    <div class="narrow">
      <Form fields={fieldsOf(props.filter)} button="Show" busy="Showing …" send={send} stays />
    </div>
  );
}
