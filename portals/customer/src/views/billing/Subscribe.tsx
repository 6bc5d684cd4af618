//! Subscribing to what was chosen. The same choice is sent under the same key, so it is made once however often it is sent.

import type { Problem } from "@rerp/shared/api";
import { createAct, useApi, usePerson } from "@rerp/shared/app";
import { createKeys } from "@rerp/shared/form";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { type JSX, onMount, Show } from "solid-js";
import { ACCOUNTS } from "../accounts/queries";
import type { Offer } from "./Offers";
import { keep, present } from "./queries";
import { cost } from "./words";

export interface SubscribeProps {
  readonly account: string;
  readonly offer: Offer;
  /** It is made; with the secret of its first payment, where there is one to confirm. */
  readonly begun: (secret: string | undefined) => void;
  readonly close: () => void;
}

export function Subscribe(props: SubscribeProps): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const queries = useQueryClient();
  const keyOf = createKeys();
  let heading: HTMLHeadingElement | undefined;
  onMount(() => heading?.focus());
  const subscribe = createAct(async () => {
    const body = {
      account_id: props.account,
      human_name_id: person().person,
      price_id: props.offer.price.price_id,
    };
    const params = { header: { "Idempotency-Key": keyOf(body) } };
    const now = await present(api.POST("/api/billing/subscriptions", { params, body }));
    keep(queries, props.account, now);
    void queries.invalidateQueries({ queryKey: [ACCOUNTS, "one", props.account] });
    props.close();
    props.begun(now.subscription.client_secret ?? undefined);
  });
  return (
    <section class="card stack" aria-labelledby="subscribe">
      <h3 id="subscribe" tabindex="-1" ref={(element) => (heading = element)}>
        {props.offer.plan.name}, {cost(props.offer.price)}
      </h3>
      <p>
        It goes on until you end it, and is paid ahead for each {props.offer.price.interval}. You confirm the first
        payment in the next step; nothing is charged before that.
      </p>
      <Wrong problem={subscribe.problem()} />
      <div class="row">
        <Button weight="first" busy={subscribe.busy()} onClick={() => void subscribe.run()}>
          {subscribe.busy() ? "Subscribing …" : "Subscribe"}
        </Button>
        <Button onClick={() => props.close()}>Not now</Button>
      </div>
    </section>
  );
}

/** What can be done about it is said here, where it can be done. */
function Wrong(props: { readonly problem: Problem | undefined }): JSX.Element {
  const isTaken = () => props.problem?.kind === "already-exists";
  const isGone = () => props.problem?.kind === "invalid-value" && "price_id" in (props.problem?.fields ?? {});
  const isUnproved = () => props.problem?.kind === "not-verified";
  const isUsual = () => !(isTaken() || isGone() || isUnproved());
  return (
    <>
      <ProblemNotice problem={isUsual() ? props.problem : undefined} />
      <div class="notice-place" role="alert">
        <Show when={isTaken()}>
          <p class="notice notice-wrong">
            This account has a subscription already, which somebody else pays for. They can change it or end it.
          </p>
        </Show>
        <Show when={isGone()}>
          <p class="notice notice-wrong">This price isn't offered any more. Load the page again, and choose anew.</p>
        </Show>
        <Show when={isUnproved()}>
          <p class="notice notice-wrong">
            Prove your e-mail address and your telephone number first: <A href="/verify">prove them now</A>.
          </p>
        </Show>
      </div>
    </>
  );
}
