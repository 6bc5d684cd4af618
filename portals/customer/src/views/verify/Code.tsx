//! The code that came: typed or pasted, checked, asked for again when the server says that it may be.

import type { Problem } from "@rerp/shared/api";
import { attempt, createAct, Form } from "@rerp/shared/app";
import { Button, type FieldSpec, ProblemNotice } from "@rerp/shared/ui";
import { createEffect, createMemo, createSignal, type JSX, on, Show } from "solid-js";
import { clock } from "./countdown";
import type { Proof } from "./proofs";
import type { Sending } from "./sending";

const DIGITS = 6;
const CODE: FieldSpec = {
  name: "code",
  label: "Code",
  inputmode: "numeric",
  autocomplete: "one-time-code",
  required: true,
  // Pasted ones come with blanks.
  maxlength: 16,
  hint: "Six digits.",
};

export interface CodeProps {
  readonly proof: Proof;
  readonly contact: string;
  readonly sending: Sending;
  readonly change: () => void;
  readonly proved: () => void;
}

export function Code(props: CodeProps): JSX.Element {
  const again = createAct(() => props.sending.start());
  const [said, setSaid] = createSignal("");
  const isFree = createMemo(() => props.sending.gap.left() === 0);
  const check = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    const code = (values.code ?? "").replace(/\D/g, "");
    if (code.length !== DIGITS) {
      return { kind: "invalid-value", fields: { code: "A code has six digits." } };
    }
    const problem = await attempt(() => props.proof.check(props.contact, code));
    if (problem?.kind === "code-refused") {
      return {
        ...problem,
        fields: { code: "Wrong, used, too old, or tried too often. Look again, or ask for a new one." },
      };
    }
    if (!problem) {
      props.proved();
    }
    return problem;
  };
  // Each second is for the eye; whoever listens hears the end.
  createEffect(on(isFree, (free) => setSaid(free ? "You can ask for another code now." : ""), { defer: true }));
  const resend = async () => {
    if (!isFree()) {
      return;
    }
    setSaid("");
    if ((await again.run()) && !props.sending.isLimited()) {
      setSaid("Another code is on its way. Only the newest counts.");
    }
  };
  return (
    <>
      <p>
        If <strong>{props.contact}</strong> is yours, a {props.proof.by} with a code is on its way. It may take a
        minute.
      </p>
      <Notices sending={props.sending} />
      <Form fields={[CODE]} button="Prove it" busy="Looking …" send={check} focus />
      <ProblemNotice problem={again.problem()} />
      <p class="visually-hidden" role="status">
        {said()}
      </p>
      <div class="row">
        {/* It stays in its place while it waits, and so does the focus. */}
        <Button busy={again.busy() || !isFree()} onClick={() => void resend()}>
          {again.busy()
            ? "Asking …"
            : isFree()
              ? "Send another code"
              : `Another code in ${clock(props.sending.gap.left())}`}
        </Button>
        <Button onClick={() => props.change()}>Use another one</Button>
      </div>
    </>
  );
}

function Notices(props: { readonly sending: Sending }): JSX.Element {
  return (
    <>
      <Show when={props.sending.isLimited()}>
        <p class="notice" role="status">
          No other code was sent: one was asked for a moment ago, or often enough for today. If you have one, use it.
        </p>
      </Show>
      <Show when={props.sending.isOver()}>
        <p class="notice" role="status">
          The code has ended. Ask for a new one.
        </p>
      </Show>
    </>
  );
}
