//! What there is to do: what somebody has proved of themselves, as identity says it. Whoever has an account to sign in with and is no customer yet is told so.

import type { Verification } from "@rerp/shared/api";
import { Loaded, Page } from "@rerp/shared/app";
import { A } from "@solidjs/router";
import { For, type JSX, Show } from "solid-js";
import { useVerification } from "../verify/status";

export default function Home(): JSX.Element {
  const query = useVerification();
  return (
    <Page title="Home">
      <section class="stack" aria-labelledby="proofs">
        <h2 id="proofs">What you have proved</h2>
        <Loaded query={query} what="what you have proved">
          {(found) => (
            <Show when={found()} fallback={<Nobody />}>
              {(verification) => <Proofs verification={verification()} />}
            </Show>
          )}
        </Loaded>
      </section>
    </Page>
  );
}

function Nobody(): JSX.Element {
  return <p class="card">You can sign in, and we don't know you as a customer yet. We'll ask for your name first.</p>;
}

function Proofs(props: { readonly verification: Verification }): JSX.Element {
  const proofs = () => [
    { what: "Your e-mail address", is: props.verification.email_verified },
    { what: "Your telephone number", is: props.verification.phone_verified },
  ];
  return (
    <>
      <ul class="proofs card">
        <For each={proofs()}>
          {(proof) => (
            <li class="proof">
              <span>{proof.what}</span>
              <span class={proof.is ? "proof-done" : "proof-open"}>{proof.is ? "Proved" : "Not proved yet"}</span>
            </li>
          )}
        </For>
      </ul>
      <p>
        {props.verification.both_verified
          ? "You can try plans, pay and take tests."
          : "Both are needed before you can try plans, pay and take tests."}
      </p>
      <Show when={!props.verification.both_verified}>
        <p>
          <A href="/verify">Prove what is missing</A>
        </p>
      </Show>
    </>
  );
}
