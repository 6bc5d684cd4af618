//! Erasing somebody: what follows is said, their identifier is typed as consent, and how far it is is followed.

import type { Problem } from "@rerp/shared/api";
import { attempt, Form, Loaded, taken, useApi, When } from "@rerp/shared/app";
import { createFollowing, type Erasure, type Following } from "@rerp/shared/people";
import { Button, type FieldSpec, ProblemNotice } from "@rerp/shared/ui";
import { useQuery, useQueryClient } from "@tanstack/solid-query";
import { createEffect, createSignal, For, type JSX, on, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { orNone, PERSON } from "./queries";

const FIELD: FieldSpec = {
  name: "consent",
  label: "Type the last six characters of the identifier to say that you mean this person",
  required: true,
  maxlength: 6,
};
const LAST = -6;

export function Erase(props: { readonly person: string }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const params = { path: { human_name_id: props.person } };
  const ask = async () => (await taken(api.GET("/api/identity/user/{human_name_id}/erasure", { params }))) as Erasure;
  const following = createFollowing(ask, () => void queries.invalidateQueries({ queryKey: [PERSON, props.person] }));
  const query = useQuery(() => ({
    queryKey: [PERSON, props.person, "erasure"],
    queryFn: () => orNone(ask()),
  }));
  // One that began before goes on to be followed here.
  createEffect(
    on(
      () => (query.isSuccess ? query.data : undefined),
      (found) => {
        if (found && !following.last()) {
          following.begin(found);
        }
      },
    ),
  );
  const send = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    if (values.consent?.toLowerCase() !== props.person.slice(LAST)) {
      return { kind: "invalid-value", fields: { consent: "These aren't the last six characters of this identifier." } };
    }
    return attempt(async () => {
      following.begin((await taken(api.DELETE("/api/identity/user/{human_name_id}", { params }))) as Erasure);
    });
  };
  return (
    <Section title="Erasure">
      <Show
        when={following.last()}
        fallback={
          <Loaded query={query} what="whether they are being erased">
            {() => <Ask send={send} />}
          </Loaded>
        }
      >
        {(last) => <Progress erasure={last()} following={following} />}
      </Show>
    </Section>
  );
}

function Ask(props: {
  readonly send: (values: Readonly<Record<string, string>>) => Promise<Problem | undefined>;
}): JSX.Element {
  const [isOpen, setOpen] = createSignal(false);
  return (
    <>
      <p>
        Every service deletes what it holds of this person, or clears their name from what the law makes us keep. Nobody
        can take that back.
      </p>
      <Show when={isOpen()} fallback={<Button onClick={() => setOpen(true)}>Erase this person …</Button>}>
        <Form
          fields={[FIELD]}
          button="Erase them for good"
          busy="Asking …"
          send={props.send}
          cancel={() => setOpen(false)}
          focus
        />
      </Show>
    </>
  );
}

function Progress(props: { readonly erasure: Erasure; readonly following: Following }): JSX.Element {
  const text = () => {
    const { state, receipts, missing } = props.erasure;
    const done = `${receipts.length} of ${receipts.length + missing.length} services are done.`;
    return { open: done, overdue: `${done} It takes longer than it should.`, completed: "Everything is erased." }[
      state
    ];
  };
  return (
    <div class="card stack">
      <p role="status">{text()}</p>
      <p class="small">
        Asked for <When at={props.erasure.requested_at} />
      </p>
      <ul class="records">
        <For each={props.erasure.receipts}>
          {(receipt) => (
            <li class="record">
              <span>{receipt.service}</span>
              <span class="proof-done">
                Done <When at={receipt.received_at} />
              </span>
            </li>
          )}
        </For>
        <For each={props.erasure.missing}>
          {(service) => (
            <li class="record">
              <span>{service}</span>
              <span class="proof-open">Not yet</span>
            </li>
          )}
        </For>
      </ul>
      <ProblemNotice problem={props.following.problem()} />
      <Show when={props.following.isLeft()}>
        <Button onClick={() => props.following.begin(props.erasure)}>Look again</Button>
      </Show>
    </div>
  );
}
