//! Proving who one is reached as, step after step: the address, then the telephone.

import type { Verification } from "@rerp/shared/api";
import { Loaded, Page, useApi, usePerson } from "@rerp/shared/app";
import { Done } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, type JSX, Match, onMount, Show, Switch } from "solid-js";
import "@rerp/shared/records.css";
import { emailProof, type Proof, phoneProof } from "./proofs";
import { Step } from "./Step";
import { useVerification } from "./status";

export default function Verify(): JSX.Element {
  const query = useVerification();
  return (
    <Page title="Prove how we reach you">
      <Loaded query={query} what="what you have proved">
        {(found) => (
          <Show
            when={found()}
            fallback={<p class="card">We don't know you as a customer yet, so there is nothing to prove.</p>}
          >
            {(status) => <Steps status={status()} />}
          </Show>
        )}
      </Loaded>
    </Page>
  );
}

function Steps(props: { readonly status: Verification }): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const queries = useQueryClient();
  // What is proved here counts at once, and is asked for again behind it.
  const [proved, setProved] = createSignal<readonly Proof["name"][]>([]);
  const settle = (name: Proof["name"]) => {
    setProved((before) => [...before, name]);
    void queries.invalidateQueries({ queryKey: ["identity"] });
  };
  const isEmail = () => props.status.email_verified || proved().includes("email");
  const isPhone = () => props.status.phone_verified || proved().includes("phone");
  return (
    <Switch fallback={<Proved />}>
      <Match when={!isEmail()}>
        <Part title="Step 1 of 2: your e-mail address" isFirst>
          <Step proof={emailProof(api, person().person)} known={person().email} proved={() => settle("email")} />
        </Part>
      </Match>
      <Match when={!isPhone()}>
        <Part title="Step 2 of 2: your mobile number" isFirst={proved().length === 0}>
          <Show when={isEmail()}>
            <p class="small">Your e-mail address is proved.</p>
          </Show>
          <Step proof={phoneProof(api, person().person)} known="" proved={() => settle("phone")} />
        </Part>
      </Match>
    </Switch>
  );
}

/** A step. One that follows another takes the focus, which was in what is gone. */
function Part(props: {
  readonly title: string;
  readonly isFirst: boolean;
  readonly children: JSX.Element;
}): JSX.Element {
  let heading: HTMLHeadingElement | undefined;
  onMount(() => {
    if (!props.isFirst) {
      heading?.focus();
    }
  });
  return (
    <section class="stack">
      <h2 tabindex="-1" ref={(element) => (heading = element)}>
        {props.title}
      </h2>
      {props.children}
    </section>
  );
}

function Proved(): JSX.Element {
  return (
    <Done title="Both are proved">
      <p>You can try plans, keep a payment method and pay, and take tests.</p>
      <p>
        <A href="/">To the first page</A>
      </p>
    </Done>
  );
}
