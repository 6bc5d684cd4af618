//! Where somebody is signed in, and ending it: one, or all.

import type { IdentitySchemas } from "@rerp/shared/api";
import { Confirm, createAsked, every, Loaded, ROWS, taken, useApi, When } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { useQuery, useQueryClient } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { PERSON } from "./queries";

type SignIn = IdentitySchemas["SignIn"];

const STILL = "Whoever is signed in there can go on for a while, until their pass ends: an hour as a rule.";

export function SignIns(props: { readonly person: string }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const path = () => ({ human_name_id: props.person });
  const load = () =>
    every<SignIn>((cursor) => {
      const params = { path: path(), query: { limit: ROWS, ...cursor } };
      return taken(api.GET("/api/identity/sessions/{human_name_id}", { params }));
    });
  const query = useQuery(() => ({ queryKey: [PERSON, props.person, "sign-ins"], queryFn: load }));
  /** Null: all of them. */
  const asked = createAsked<SignIn | null>();
  const [said, setSaid] = createSignal("");
  const ask = (what: SignIn | null) => {
    setSaid("");
    asked.ask(what);
  };
  const work = () => {
    const one = asked.chosen();
    if (one) {
      const params = { path: { ...path(), session_id: one.session_id } };
      return taken(api.DELETE("/api/identity/sessions/{human_name_id}/{session_id}", { params }));
    }
    return taken(api.DELETE("/api/identity/sessions/{human_name_id}", { params: { path: path() } }));
  };
  const done = () => {
    setSaid(asked.chosen() ? "The sign-in has ended." : "All sign-ins have ended.");
    void queries.invalidateQueries({ queryKey: [PERSON, props.person, "sign-ins"] });
  };
  return (
    <Section title="Sign-ins">
      <Loaded query={query} what="sign-ins">
        {(found) => (
          <Show when={found().items.length > 0} fallback={<p class="card">No sign-in is known that still goes on.</p>}>
            <ul class="records">
              <For each={found().items}>{(each) => <Row signIn={each} end={() => ask(each)} />}</For>
            </ul>
            <Show when={found().isCut}>
              <p>There are more than are shown here. Ending all ends those too.</p>
            </Show>
            <Button onClick={() => ask(null)}>End all sign-ins</Button>
          </Show>
        )}
      </Loaded>
      <p role="status">{said()}</p>
      <Confirm
        open={asked.isOpen()}
        close={asked.close}
        title={asked.chosen() ? "End this sign-in?" : "End all sign-ins?"}
        text={STILL}
        button={asked.chosen() ? "End it" : "End all of them"}
        busy="Ending …"
        work={work}
        done={done}
      />
    </Section>
  );
}

function Row(props: { readonly signIn: SignIn; readonly end: () => void }): JSX.Element {
  return (
    <li class="card record">
      <div>
        <p>
          Since <When at={props.signIn.started_at} />
        </p>
        <p class="small">
          Last used <When at={props.signIn.seen_at} />;{" "}
          {props.signIn.aal === "aal2" ? "with a second factor" : "with one factor"}
        </p>
      </div>
      <Button onClick={() => props.end()}>
        End
        <span class="visually-hidden">
          {" "}
          the one since <When at={props.signIn.started_at} />
        </span>
      </Button>
    </li>
  );
}
