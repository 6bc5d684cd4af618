//! Events of Stripe's that came, the newest first, what became of them, and having one worked on again.

import type { BillingSchemas } from "@rerp/shared/api";
import { Page, Question, taken, useApi, When } from "@rerp/shared/app";
import { Button, Field } from "@rerp/shared/ui";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import { About } from "../../about/About";
import { type Cursor, Paged, type PageOf, ROWS } from "../../parts/Paged";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import "@rerp/shared/records.css";
import "../../parts/parts.css";

type Event = BillingSchemas["WebhookEvent"];
type State = Event["state"];

const COLUMNS = ["Came", "Event", "Object", "State", "Tried", "Why not", "What can be done"];
const NAMES: Readonly<Record<State, string>> = { waiting: "Waits", dead: "Given up", done: "Done" };
const KEY = ["stripe-events"];
const CHOOSE = {
  name: "state",
  label: "State",
  required: true,
  maxlength: 10,
  choices: [
    { value: "", label: "All of them" },
    { value: "dead", label: "Given up: somebody has to look" },
    { value: "waiting", label: "Waiting" },
    { value: "done", label: "Done" },
  ],
};

export default function Events(): JSX.Element {
  /** Empty: all of them. */
  const [state, setState] = createSignal<State | "">("");
  const choose = (value: string) => {
    setState(value === "dead" || value === "waiting" || value === "done" ? value : "");
  };
  return (
    <Page title="Stripe's events">
      <About subject="stripe-events">
        {(reason) => (
          <>
            <div class="narrow" onInput={(event) => choose((event.target as HTMLSelectElement).value)}>
              <Field spec={{ ...CHOOSE, value: state() }} mistake={undefined} />
            </div>
            <Show when={{ state: state() }} keyed>
              {(chosen) => <List state={chosen.state} reason={reason} />}
            </Show>
          </>
        )}
      </About>
    </Page>
  );
}

function List(props: { readonly state: State | ""; readonly reason: () => string }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const again = ({ id }: Event) => {
    const params = { path: { id }, header: { "x-audit-reason": props.reason() } };
    return taken(api.POST("/api/billing/webhooks/stripe/events/{id}/replay", { params }));
  };
  const load = (cursor: Cursor) => {
    const query = { limit: ROWS, ...(props.state ? { state: props.state } : {}), ...cursor };
    return taken(api.GET("/api/billing/webhooks/stripe/events", { params: { query } })) as Promise<PageOf<Event>>;
  };
  return (
    <Section title="Of the last days">
      <Question<Event>
        title="Work on this event again?"
        text="Its object is fetched from Stripe anew, and what is known here follows that."
        button="Work on it again"
        busy="Asking for it …"
        work={again}
        said="It is worked on within seconds."
        done={() => void queries.invalidateQueries({ queryKey: KEY })}
      >
        {(ask) => (
          <Paged<Event> name={[...KEY, props.state]} what="events" none="There are none." load={load}>
            {(items) => (
              <Table label="Stripe's events" columns={COLUMNS}>
                <For each={items()}>{(each) => <Row event={each} replay={() => ask(each)} />}</For>
              </Table>
            )}
          </Paged>
        )}
      </Question>
    </Section>
  );
}

function Row(props: { readonly event: Event; readonly replay: () => void }): JSX.Element {
  const end = () => props.event.dead_at ?? props.event.done_at;
  return (
    <tr>
      <td>
        <When at={props.event.received_at} />
      </td>
      <th scope="row">
        {props.event.type}
        <br />
        {props.event.id}
      </th>
      <td>
        {props.event.object_kind ? `${props.event.object_kind} ${props.event.object_id ?? ""}` : "Not needed here"}
      </td>
      <td>
        {NAMES[props.event.state]} <Show when={end()}>{(at) => <When at={at()} />}</Show>
      </td>
      <td class="number">{props.event.attempts}</td>
      <td class="long">{props.event.error ?? ""}</td>
      <td>
        <Show when={props.event.object_kind} fallback="Nothing">
          <Button onClick={() => props.replay()}>
            Again<span class="visually-hidden">: {props.event.id}</span>
          </Button>
        </Show>
      </td>
    </tr>
  );
}
