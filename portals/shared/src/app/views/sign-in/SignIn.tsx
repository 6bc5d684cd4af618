//! Signing in with address and password.

import { Button } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import { createSignal, type JSX, Show } from "solid-js";
import { Page } from "../../layout/Page";
import { useSession } from "../../session";
import { EMAIL, Form, PASSWORD } from "./Form";
import { Second } from "./Second";

export default function SignIn(): JSX.Element {
  const session = useSession();
  const [unproved, setUnproved] = createSignal<string>();
  const send = async (values: Readonly<Record<string, string>>) => {
    const email = values.email ?? "";
    const problem = await session.signIn(email, values.password ?? "");
    if (problem?.kind === "not-verified") {
      setUnproved(email);
      return undefined;
    }
    return problem;
  };
  return (
    <Second>
      <Page title={unproved() ? "Your address isn't proved yet" : "Sign in"}>
        <Show
          when={unproved()}
          fallback={
            <>
              <Form fields={[EMAIL, PASSWORD]} button="Sign in" busy="Signing in …" send={send} />
              <ul class="ways">
                <li>
                  <A href="/forgot">I don't know my password</A>
                </li>
              </ul>
            </>
          }
        >
          {(email) => <Unproved email={email()} back={() => setUnproved(undefined)} />}
        </Show>
      </Page>
    </Second>
  );
}

/** Nobody can prove it here: an account is made with its address, and support knows how. */
function Unproved(props: { readonly email: string; readonly back: () => void }): JSX.Element {
  return (
    <>
      <p>
        Your password is right, but that <strong>{props.email}</strong> is yours hasn't been proved, so nobody can be
        signed in with it. Please write to our support from that address: they can set it right.
      </p>
      <Button onClick={() => props.back()}>Back to signing in</Button>
    </>
  );
}
