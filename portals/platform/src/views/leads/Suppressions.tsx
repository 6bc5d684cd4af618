//! Addresses that nothing is sent to: listed, added, taken off.

import type { MarketingSchemas, Problem } from "@rerp/shared/api";
import { attempt, Form, Question, taken, useApi, When } from "@rerp/shared/app";
import { Button, type FieldSpec } from "@rerp/shared/ui";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, For, type JSX } from "solid-js";
import { type Cursor, Paged, type PageOf, ROWS } from "../../parts/Paged";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { identifier } from "../search/find";
import { LEADS, Reasoned } from "./Leads";

type Suppression = MarketingSchemas["Suppression"];

const CAUSES = [
  { value: "objected", label: "They don't want it" },
  { value: "bounced", label: "Mail comes back" },
  { value: "complained", label: "They complained to their provider" },
  { value: "other", label: "Something else" },
];
const FIELDS: readonly FieldSpec[] = [
  { name: "address", label: "E-mail address, or its identifier", required: true, maxlength: 254 },
  { name: "cause", label: "Cause", required: true, maxlength: 20, value: "objected", choices: CAUSES },
];
const KEY = [LEADS, "suppressions"];

export default function Suppressions(): JSX.Element {
  return (
    <Reasoned title="Suppressions">
      {() => (
        <>
          <Add />
          <List />
        </>
      )}
    </Reasoned>
  );
}

function Add(): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const [said, setSaid] = createSignal("");
  const send = async (values: Readonly<Record<string, string>>, key: string): Promise<Problem | undefined> => {
    setSaid("");
    const { address = "", cause = "other" } = values;
    const id = identifier(address);
    const body = { ...(id ? { email_address_id: id } : { email: address }), reason: cause };
    const params = { header: { "Idempotency-Key": key } };
    const problem = await attempt(() => taken(api.POST("/api/marketing/suppressions", { params, body })));
    if (problem) {
      const { email, email_address_id, reason, ...rest } = problem.fields;
      const wrong = email ?? email_address_id;
      return {
        ...problem,
        fields: { ...rest, ...(wrong ? { address: wrong } : {}), ...(reason ? { cause: reason } : {}) },
      };
    }
    setSaid("Nothing is sent there from now on.");
    void queries.invalidateQueries({ queryKey: KEY });
    return undefined;
  };
  return (
    <Section title="Add one">
      <div class="narrow">
        <Form fields={FIELDS} button="Add it" busy="Adding …" send={send} stays />
      </div>
      <p role="status">{said()}</p>
    </Section>
  );
}

function List(): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const takeOff = ({ email_address_id }: Suppression) =>
    taken(api.DELETE("/api/marketing/suppressions/{email_address_id}", { params: { path: { email_address_id } } }));
  const load = (cursor: Cursor) => {
    const params = { query: { limit: ROWS, ...cursor } };
    return taken(api.GET("/api/marketing/suppressions", { params })) as Promise<PageOf<Suppression>>;
  };
  return (
    <Section title="Where nothing is sent to">
      <Question<Suppression>
        title="Take it off the list?"
        text="Where it was their own wish, that takes their word. Mail may be sent there again."
        button="Take it off"
        busy="Taking off …"
        work={takeOff}
        said="The address may be written to again."
        done={() => void queries.invalidateQueries({ queryKey: KEY })}
      >
        {(ask) => (
          <Paged<Suppression> name={KEY} what="suppressions" none="There are none." load={load}>
            {(items) => <Rows items={items()} remove={ask} />}
          </Paged>
        )}
      </Question>
    </Section>
  );
}

function Rows(props: {
  readonly items: readonly Suppression[];
  readonly remove: (each: Suppression) => void;
}): JSX.Element {
  return (
    <Table label="Suppressions" columns={["Address", "Cause", "Since", "What can be done"]}>
      <For each={props.items}>
        {(each) => (
          <tr>
            <td>{each.email_address_id}</td>
            <td>{CAUSES.find(({ value }) => value === each.reason)?.label ?? each.reason}</td>
            <td>
              <When at={each.created_at} />
            </td>
            <td>
              <Button onClick={() => props.remove(each)}>
                Take off<span class="visually-hidden">: {each.email_address_id}</span>
              </Button>
            </td>
          </tr>
        )}
      </For>
    </Table>
  );
}
