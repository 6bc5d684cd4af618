//! Whether it is proved who pays for an account. Documents are shown to Stripe, on Stripe's own pages, and never pass here.

import { createAct, Loaded, taken, useApi, usePerson, When } from "@rerp/shared/app";
import { Button, LinkButton, ProblemNotice } from "@rerp/shared/ui";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, type JSX, Show } from "solid-js";
import { BILLING, type Identification, useIdentification } from "./queries";

/** What Stripe says of it, for people. */
const STATES: Readonly<Record<string, string>> = {
  requested: "Begun. Our payment provider has not answered yet.",
  requires_input: "Not proved yet: a document has to be shown, or shown once more.",
  processing: "The document is being looked at. This takes a few minutes as a rule.",
  verified: "Proved.",
  canceled: "Broken off. Begin it anew.",
};

export function Kyc(props: { readonly account: string }): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const queries = useQueryClient();
  const query = useIdentification(() => props.account);
  const [way, setWay] = createSignal<string>();
  const begin = createAct(async () => {
    const body = { account_id: props.account, human_name_id: person().person };
    const { url, ...found } = (await taken(api.POST("/api/billing/kyc/verify", { body }))) as Identification;
    setWay(url?.startsWith("https://") ? url : undefined);
    queries.setQueryData([BILLING, "kyc", props.account], found);
  });
  const look = () => void queries.invalidateQueries({ queryKey: [BILLING, "kyc", props.account] });
  const isDone = (found: Identification | null) => found?.verification_status === "verified";
  const isLookedAt = (found: Identification | null) => found?.verification_status === "processing";
  return (
    <section class="stack" aria-labelledby="kyc">
      <h2 id="kyc">Who pays</h2>
      <p>Whoever pays for an account may be asked to prove who they are. Documents are shown to Stripe, never to us.</p>
      <Loaded query={query} what="whether it is proved who pays">
        {(found) => (
          <>
            <div class="card" role="status">
              <p>
                {found()
                  ? (STATES[found()?.verification_status ?? ""] ?? "Under way.")
                  : "Nobody has asked for it yet."}
              </p>
              <Show when={found()?.verified_at}>
                {(at) => (
                  <p class="small">
                    Since <When at={at()} isDay />
                  </p>
                )}
              </Show>
            </div>
            <ProblemNotice problem={begin.problem()} />
            <Show when={!isDone(found())}>
              <div class="row">
                <Show when={way()}>
                  {(url) => (
                    <LinkButton weight="first" href={url()} rel="noreferrer">
                      Show a document at Stripe
                    </LinkButton>
                  )}
                </Show>
                <Show when={!way() && !isLookedAt(found())}>
                  <Button busy={begin.busy()} onClick={() => void begin.run()}>
                    {begin.busy() ? "Beginning …" : found() ? "Go on proving who pays" : "Prove who pays"}
                  </Button>
                </Show>
                <Show when={found()}>
                  <Button weight="quiet" busy={query.isFetching} onClick={look}>
                    Look how it stands
                  </Button>
                </Show>
              </div>
            </Show>
          </>
        )}
      </Loaded>
    </section>
  );
}
