//! Another password for whoever reads mail at the address: first the mail, then its code and the new password together.

import type { Problem } from "@rerp/shared/api";
import type { Values } from "@rerp/shared/form";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import { createSignal, type JSX, Show } from "solid-js";
import { Page } from "../../layout/Page";
import { ask, useSession, wrong } from "../../session";
import { CODE, EMAIL, Form, NEW_PASSWORD } from "./Form";
import { Second } from "./Second";

const write = async (email: string): Promise<Problem | undefined> =>
  wrong(await ask("POST", "/session/recovery", { email }));

export default function Forgot(): JSX.Element {
  const session = useSession();
  const [sent, setSent] = createSignal<string>();
  const first = async (values: Values): Promise<Problem | undefined> => {
    const email = values.email ?? "";
    const problem = await write(email);
    if (!problem) {
      setSent(email);
    }
    return problem;
  };
  const change = (values: Values) => session.recovered(sent() ?? "", values.code ?? "", values.password ?? "");
  return (
    <Second again={() => setSent(undefined)}>
      <Page title={sent() ? "Look into your mail" : "Choose a new password"}>
        <Show when={sent()} fallback={<Form fields={[EMAIL]} button="Send me a code" busy="Sending …" send={first} />}>
          {(email) => (
            <>
              <p>
                If <strong>{email()}</strong> has an account, a mail with a code is on its way. It may take a minute,
                and may lie in the folder for spam.
              </p>
              <Form fields={[CODE, NEW_PASSWORD]} button="Change it and sign in" busy="Changing …" send={change} />
              <Another email={email()} />
            </>
          )}
        </Show>
        <ul class="ways">
          <li>
            <A href="/sign-in">Back to signing in</A>
          </li>
        </ul>
      </Page>
    </Second>
  );
}

/** Another code: letters get lost, and codes end. */
function Another(props: { readonly email: string }): JSX.Element {
  const [phase, setPhase] = createSignal<"open" | "sending" | "sent">("open");
  const [problem, setProblem] = createSignal<Problem>();
  const send = async () => {
    if (phase() === "sending") {
      return;
    }
    setPhase("sending");
    setProblem(undefined);
    setProblem(await write(props.email));
    setPhase(problem() ? "open" : "sent");
  };
  return (
    <div class="stack">
      <Button busy={phase() === "sending"} onClick={() => void send()}>
        {phase() === "sending" ? "Sending …" : "Send another code"}
      </Button>
      <p role="status">
        <Show when={phase() === "sent"}>
          If there is an account, another code is on its way, and only the newest one is good. There is one mail a
          minute at most.
        </Show>
      </p>
      <ProblemNotice problem={problem()} />
    </div>
  );
}
