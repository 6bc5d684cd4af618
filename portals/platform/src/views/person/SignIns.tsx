//! Where somebody is signed in, and ending it: one, or all.

import type { IdentitySchemas } from "@rerp/shared/api";
import { every, type Listed, Loaded, Question, ROWS, taken, useApi, When } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { useQuery, useQueryClient } from "@tanstack/solid-query";
import { For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { PERSON } from "./queries";

type SignIn = IdentitySchemas["SignIn"];

const STILL = "Whoever is signed in there can go on for a while, until their pass ends: an hour as a rule.";

/** What is to be ended; null: all of them. */
type Wish = SignIn | null;

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
  const end = (wish: Wish) => {
    if (wish) {
      const params = { path: { ...path(), session_id: wish.session_id } };
      return taken(api.DELETE("/api/identity/sessions/{human_name_id}/{session_id}", { params }));
    }
    return taken(api.DELETE("/api/identity/sessions/{human_name_id}", { params: { path: path() } }));
  };
  return (
    <Section title="Sign-ins">
      <Question<Wish>
        title={(wish) => (wish ? "End this sign-in?" : "End all sign-ins?")}
        text={STILL}
        button={(wish) => (wish ? "End it" : "End all of them")}
        busy="Ending …"
        work={end}
        said={(wish) => (wish ? "The sign-in has ended." : "All sign-ins have ended.")}
        done={() => void queries.invalidateQueries({ queryKey: [PERSON, props.person, "sign-ins"] })}
      >
        {(ask) => (
          <Loaded query={query} what="sign-ins">
            {(found) => <List found={found()} ask={ask} />}
          </Loaded>
        )}
      </Question>
    </Section>
  );
}

function List(props: { readonly found: Listed<SignIn>; readonly ask: (wish: Wish) => void }): JSX.Element {
  return (
    <Show when={props.found.items.length > 0} fallback={<p class="card">No sign-in is known that still goes on.</p>}>
      <ul class="records">
        <For each={props.found.items}>{(each) => <Row signIn={each} end={() => props.ask(each)} />}</For>
      </ul>
      <Show when={props.found.isCut}>
        <p>There are more than are shown here. Ending all ends those too.</p>
      </Show>
      <Button onClick={() => props.ask(null)}>End all sign-ins</Button>
    </Show>
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
