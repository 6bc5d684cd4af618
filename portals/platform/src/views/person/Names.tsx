//! What somebody is called.

import { Loaded, orNone, taken, useApi, When } from "@rerp/shared/app";
import { useQuery } from "@tanstack/solid-query";
import { type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { PERSON } from "./queries";

export function Names(props: { readonly person: string }): JSX.Element {
  const api = useApi();
  const params = () => ({ path: { human_name_id: props.person } });
  const query = useQuery(() => ({
    queryKey: [PERSON, props.person, "names"],
    queryFn: () => orNone(taken(api.GET("/api/identity/user/{human_name_id}", { params: params() }))),
  }));
  return (
    <Section title="Name">
      <Loaded query={query} what="the name">
        {(found) => (
          <Show when={found()} fallback={<p class="card">Nobody has this identifier, or they are erased.</p>}>
            {(human) => (
              <dl class="facts card">
                <dt>First name</dt>
                <dd>{human().first_name ?? "Not said"}</dd>
                <dt>Surname</dt>
                <dd>{human().surname ?? "Not said"}</dd>
                <dt>Username</dt>
                <dd>{human().username ?? "None"}</dd>
                <dt>Known since</dt>
                <dd>
                  <When at={human().created_at} isDay />
                </dd>
                <dt>Changed</dt>
                <dd>
                  <When at={human().updated_at} />
                </dd>
              </dl>
            )}
          </Show>
        )}
      </Loaded>
    </Section>
  );
}
