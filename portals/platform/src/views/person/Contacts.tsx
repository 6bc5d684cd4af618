//! How somebody is reached, what of it they have proved, and codes that are on their way.

import type { IdentitySchemas } from "@rerp/shared/api";
import { Loaded, orNone, taken, useApi, When } from "@rerp/shared/app";
import { useQuery } from "@tanstack/solid-query";
import { type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { PERSON } from "./queries";

type Data = IdentitySchemas["Contact"];

export function Contacts(props: { readonly person: string }): JSX.Element {
  const api = useApi();
  const params = () => ({ path: { human_name_id: props.person } });
  const query = useQuery(() => ({
    queryKey: [PERSON, props.person, "contacts"],
    queryFn: () => orNone(taken(api.GET("/api/identity/user/{human_name_id}/contacts", { params: params() }))),
  }));
  return (
    <Section title="Contacts">
      <Loaded query={query} what="contacts">
        {(found) => (
          <Show when={found()} fallback={<p class="card">There are none.</p>}>
            {(contacts) => (
              <ul class="records">
                <Contact what="E-mail address" contact={contacts().email} now={contacts().now} />
                <Show when={contacts().mobile} fallback={<li class="card">No mobile number.</li>}>
                  {(mobile) => <Contact what="Mobile number" contact={mobile()} now={contacts().now} />}
                </Show>
              </ul>
            )}
          </Show>
        )}
      </Loaded>
    </Section>
  );
}

function Contact(props: { readonly what: string; readonly contact: Data; readonly now: string }): JSX.Element {
  const code = () => {
    const open = props.contact.code;
    return open && Date.parse(open.expires_at) > Date.parse(props.now) ? open : undefined;
  };
  return (
    <li class="card record">
      <div>
        <p>
          {props.what}: {props.contact.contact}
        </p>
        <Show when={props.contact.verified_at}>
          {(at) => (
            <p class="small">
              Proved <When at={at()} />
            </p>
          )}
        </Show>
        <Show when={code()}>
          {(open) => (
            <p class="small">
              A code is on its way, good until <When at={open().expires_at} />; tries left: {open().tries_left}
            </p>
          )}
        </Show>
      </div>
      <span class={props.contact.verified ? "proof-done" : "proof-open"}>
        {props.contact.verified ? "Proved" : "Not proved"}
      </span>
    </li>
  );
}
