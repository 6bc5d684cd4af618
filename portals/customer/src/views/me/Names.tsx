//! Changing what one is called. Whoever changes it elsewhere at the same time isn't overwritten unseen: what is there now is shown, and sending again is meant.

import type { IdentitySchemas, Problem } from "@rerp/shared/api";
import { attempt, Form, taken, useApi } from "@rerp/shared/app";
import type { FieldSpec } from "@rerp/shared/ui";
import { createSignal, type JSX, Show, untrack } from "solid-js";

export type Human = IdentitySchemas["Human"];

const text = (
  name: string,
  label: string,
  maxlength: number,
  autocomplete: string,
  value: string | null | undefined,
): FieldSpec => ({
  name,
  label,
  maxlength,
  autocomplete,
  value: value ?? "",
});

export function Names(props: {
  readonly human: Human;
  readonly reload: () => Promise<unknown>;
  readonly saved: () => void;
}): JSX.Element {
  const api = useApi();
  const [isOther, setOther] = createSignal(false);
  // Made anew when it was taken only: what is typed stays while the page is loaded again.
  const made = ({ first_name, surname, username }: Partial<Human>): readonly FieldSpec[] => [
    text("first_name", "First name", 200, "given-name", first_name),
    text("surname", "Surname", 200, "family-name", surname),
    { ...text("username", "Username", 64, "nickname", username), hint: "Small letters, digits, and . - _" },
  ];
  const [fields, setFields] = createSignal(untrack(() => made(props.human)));
  const send = async (values: Readonly<Record<string, string>>, key: string): Promise<Problem | undefined> => {
    const { human_name_id, version } = props.human;
    const header = { "If-Match": `"${version}"`, "Idempotency-Key": key };
    const params = { path: { human_name_id }, header };
    // All of them are sent: one that is empty is taken away.
    const body = { first_name: null, surname: null, username: null, ...values };
    const problem = await attempt(() => taken(api.PUT("/api/identity/user/{human_name_id}", { params, body })));
    setOther(problem?.kind === "changed-meanwhile");
    if (problem?.kind === "changed-meanwhile") {
      await props.reload();
    }
    if (problem?.kind === "already-exists") {
      return { ...problem, fields: { username: "Somebody else has this username." } };
    }
    if (!problem) {
      setFields(made(values));
      props.saved();
    }
    return problem;
  };
  const now = () => {
    const { human } = props;
    return [human.first_name, human.surname, human.username].filter(Boolean).join(", ") || "nothing";
  };
  return (
    <Form fields={fields()} button="Save" busy="Saving …" send={send} stays>
      <Show when={isOther()}>
        <p class="notice">
          There now: <strong>{now()}</strong>. Save again to put yours in its place.
        </p>
      </Show>
    </Form>
  );
}
