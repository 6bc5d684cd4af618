//! How somebody is reached: what is proved of it, and changing it, which asks for the proof at once.

import { Loaded, useApi, usePerson } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, type JSX, Show } from "solid-js";
import { emailProof, type Proof, phoneProof } from "../verify/proofs";
import { Step } from "../verify/Step";
import { useVerification } from "../verify/status";

export function Contacts(): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const query = useVerification();
  return (
    <section class="stack" aria-labelledby="contacts">
      <h2 id="contacts">How we reach you</h2>
      <Loaded query={query} what="how we reach you">
        {(status) => (
          <>
            <Contact
              title="E-mail address"
              proof={emailProof(api, person().person)}
              isProved={status()?.email_verified ?? false}
              note={`You sign in with ${person().email}. Another address here is for what we write to you; you go on signing in as before.`}
            />
            <Contact
              title="Mobile number"
              proof={phoneProof(api, person().person)}
              isProved={status()?.phone_verified ?? false}
              note="Codes come to it as text messages. A new number takes the place of the one before."
            />
          </>
        )}
      </Loaded>
    </section>
  );
}

function Contact(props: {
  readonly title: string;
  readonly proof: Proof;
  readonly isProved: boolean;
  readonly note: string;
}): JSX.Element {
  const queries = useQueryClient();
  const [isChanging, setChanging] = createSignal(false);
  const [said, setSaid] = createSignal("");
  let button: HTMLButtonElement | undefined;
  const end = (words: string) => {
    setSaid(words);
    setChanging(false);
    button?.focus();
    // Even one that was given up may have changed what is proved.
    void queries.invalidateQueries({ queryKey: ["identity"] });
  };
  const begin = () => {
    setSaid("");
    setChanging(true);
  };
  return (
    <div class="card stack narrow">
      <h3>{props.title}</h3>
      <p>
        <span class={props.isProved ? "proof-done" : "proof-open"}>{props.isProved ? "Proved" : "Not proved yet"}</span>
      </p>
      <p class="small">{props.note}</p>
      <Show
        when={isChanging()}
        fallback={
          <div class="row">
            <Button ref={(element: HTMLButtonElement) => (button = element)} onClick={begin}>
              Change {props.proof.what}
            </Button>
            <Show when={!props.isProved}>
              <A href="/verify">Prove it</A>
            </Show>
          </div>
        }
      >
        <p>Until the new one is proved, neither counts: trials, payments and tests wait for it.</p>
        <Step proof={props.proof} known="" proved={() => end("It is changed and proved.")} cancel={() => end("")} />
      </Show>
      <p role="status">{said()}</p>
    </div>
  );
}
