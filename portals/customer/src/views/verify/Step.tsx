//! Proving one contact: which one it is, and the code that comes to it. The words are the same whether or not somebody has the contact.

import type { Problem } from "@rerp/shared/api";
import { attempt, createAct, Form } from "@rerp/shared/app";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { createSignal, type JSX, Show } from "solid-js";
import { Code } from "./Code";
import type { Proof } from "./proofs";
import { createSending } from "./sending";

export interface StepProps {
  readonly proof: Proof;
  /** The contact that is the person's already, as far as that is known; empty: they are asked for it. */
  readonly known: string;
  readonly proved: () => void;
  readonly cancel?: () => void;
}

export function Step(props: StepProps): JSX.Element {
  const [contact, setContact] = createSignal(props.known);
  const [phase, setPhase] = createSignal<"offer" | "ask" | "code">(props.known ? "offer" : "ask");
  const [hasMoved, setMoved] = createSignal(false);
  const sending = createSending(props.proof, contact, () => setPhase("code"));
  const ask = () => {
    setMoved(true);
    setPhase("ask");
  };
  const first = createAct(sending.start);
  const choose = async (values: Readonly<Record<string, string>>, key: string): Promise<Problem | undefined> => {
    const next = values[props.proof.field.name] ?? "";
    const problem = await attempt(() => props.proof.register(next, key));
    if (problem?.kind === "already-exists") {
      return { ...problem, fields: { [props.proof.field.name]: "This can't be used here. Use another one." } };
    }
    if (problem) {
      return problem;
    }
    sending.forget();
    setContact(next);
    return attempt(sending.start);
  };
  return (
    <>
      <Show when={phase() === "offer"}>
        <p>
          We send a code to <strong>{contact()}</strong>, which shows that it is yours.
        </p>
        <ProblemNotice problem={first.problem()} />
        <div class="row">
          <Button weight="first" busy={first.busy()} onClick={() => void first.run()}>
            {first.busy() ? "Asking …" : "Send me a code"}
          </Button>
          <Button onClick={ask}>Use another one</Button>
        </div>
      </Show>
      <Show when={phase() === "ask"}>
        <Form
          fields={[props.proof.field]}
          button="Send me a code"
          busy="Asking …"
          send={choose}
          focus={hasMoved()}
          {...(props.cancel ? { cancel: props.cancel } : {})}
        />
      </Show>
      <Show when={phase() === "code"}>
        <Code proof={props.proof} contact={contact()} sending={sending} change={ask} proved={props.proved} />
      </Show>
    </>
  );
}
