//! A card for oneself: our API begins it, the browser gives the card to Stripe. The same beginning is asked for under the same key until it has come to something.

import type { Problem } from "@rerp/shared/api";
import { Failure, taken, useApi, usePerson } from "@rerp/shared/app";
import { createKeys } from "@rerp/shared/form";
import { ProblemNotice } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import { type JSX, onMount, Show } from "solid-js";
import { CardPlace } from "./card/CardPlace";

export function AddCard(props: { readonly added: () => void; readonly cancel: () => void }): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const keyOf = createKeys();
  let heading: HTMLHeadingElement | undefined;
  onMount(() => heading?.focus());
  const secret = async () => {
    const body = { human_name_id: person().person };
    const params = { header: { "Idempotency-Key": keyOf(body) } };
    const begun = (await taken(api.POST("/api/billing/payment-methods", { params, body }))) as {
      client_secret?: string | null;
    };
    if (!begun.client_secret) {
      throw new Failure({ kind: "unknown", fields: {} }, 0);
    }
    return begun.client_secret;
  };
  return (
    <section class="card stack" aria-labelledby="add">
      <h2 id="add" tabindex="-1" ref={(element) => (heading = element)}>
        Add a card
      </h2>
      <CardPlace button="Add it" busy="Adding …" secret={secret} done={props.added} cancel={props.cancel}>
        {(problem) => <Wrong problem={problem()} />}
      </CardPlace>
    </section>
  );
}

function Wrong(props: { readonly problem: Problem | undefined }): JSX.Element {
  const isUnproved = () => props.problem?.kind === "not-verified";
  return (
    <>
      <ProblemNotice problem={isUnproved() ? undefined : props.problem} />
      <div class="notice-place" role="alert">
        <Show when={isUnproved()}>
          <p class="notice notice-wrong">
            Cards are for those who have proved their e-mail address and their telephone number:{" "}
            <A href="/verify">prove them now</A>.
          </p>
        </Show>
      </div>
    </>
  );
}
