//! The field for a code, and the way back.

import type { Problem } from "@rerp/shared/api";
import type { Values } from "@rerp/shared/form";
import { Button, type FieldSpec } from "@rerp/shared/ui";
import type { JSX } from "solid-js";
import { useSession } from "../../../session";
import { Form } from "../Form";

const CODE: FieldSpec = {
  name: "code",
  label: "Code from your authenticator",
  inputmode: "numeric",
  autocomplete: "one-time-code",
  required: true,
  // Six digits, however somebody groups them.
  maxlength: 12,
  hint: "It changes every 30 seconds.",
};

/** At the only field there is, in words that fit here. */
function told(problem: Problem): Problem {
  if (problem.kind === "code-refused") {
    const code =
      "This code isn't right. Type the one that is shown now; if that isn't right either, look at your telephone's clock.";
    return { ...problem, fields: { code } };
  }
  const { password } = problem.fields;
  return password
    ? { ...problem, fields: { code: `The new password ${password}. Begin again with another one.` } }
    : problem;
}

export function CodeForm(props: { readonly again: () => void }): JSX.Element {
  const session = useSession();
  const send = async (values: Values) => {
    const problem = await session.prove(values.code ?? "");
    return problem && told(problem);
  };
  return (
    <div class="stack">
      <Form fields={[CODE]} button="Sign in" busy="Signing in …" send={send} />
      <div>
        <Button weight="quiet" onClick={() => props.again()}>
          Begin again
        </Button>
      </div>
    </div>
  );
}
