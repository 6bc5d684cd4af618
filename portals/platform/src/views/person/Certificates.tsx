//! Somebody's certificates, and taking one back, which wants a reason that its owner reads.

import type { Problem, TestSchemas } from "@rerp/shared/api";
import { attempt, createAsked, every, Form, Loaded, ROWS, taken, useApi, When } from "@rerp/shared/app";
import { Dialog } from "@rerp/shared/dialog";
import { Button, type FieldSpec } from "@rerp/shared/ui";
import { useQuery, useQueryClient } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { PERSON } from "./queries";

type Certificate = TestSchemas["OwnCertificate"];

const STATES = { valid: "Valid", expired: "Expired", revoked: "Revoked" } as const;
const WORDS: FieldSpec = {
  name: "words",
  label: "Reason, as its owner and whoever checks it will read it",
  required: true,
  maxlength: 500,
  lines: 3,
};

export function Certificates(props: { readonly person: string }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const load = () =>
    every<Certificate>((cursor) => {
      const params = { path: { id: props.person }, query: { limit: ROWS, ...cursor } };
      return taken(api.GET("/api/fte/certificates/{id}", { params }));
    });
  const key = () => [PERSON, props.person, "certificates"];
  const query = useQuery(() => ({ queryKey: key(), queryFn: load }));
  const asked = createAsked<Certificate>();
  const [said, setSaid] = createSignal("");
  const ask = (each: Certificate) => {
    setSaid("");
    asked.ask(each);
  };
  const revoke = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    const params = { path: { id: asked.chosen()?.certificate_id ?? "" } };
    const body = { reason: values.words ?? "" };
    const problem = await attempt(() => taken(api.POST("/api/fte/certificates/{id}/revoke", { params, body })));
    if (problem) {
      const { reason, ...fields } = problem.fields;
      return reason ? { ...problem, fields: { ...fields, words: reason } } : problem;
    }
    setSaid("The certificate is revoked.");
    asked.close();
    void queries.invalidateQueries({ queryKey: key() });
    return undefined;
  };
  return (
    <Section title="Certificates">
      <Loaded query={query} what="certificates">
        {(found) => (
          <Show when={found().items.length > 0} fallback={<p class="card">They have none.</p>}>
            <List all={found().items} revoke={ask} />
            <Show when={found().isCut}>
              <p>There are more than are shown here.</p>
            </Show>
          </Show>
        )}
      </Loaded>
      <p role="status">{said()}</p>
      <Dialog
        open={asked.isOpen()}
        close={asked.close}
        title="Revoke this certificate?"
        description={`${asked.chosen()?.certificate_number ?? ""} counts no more from then on. Nobody can take that back.`}
      >
        <Form fields={[WORDS]} button="Revoke it" busy="Revoking …" send={revoke} cancel={asked.close} />
      </Dialog>
    </Section>
  );
}

function List(props: {
  readonly all: readonly Certificate[];
  readonly revoke: (certificate: Certificate) => void;
}): JSX.Element {
  return (
    <Table label="Certificates" columns={["Number", "Course", "Issued", "Until", "State", "What can be done"]}>
      <For each={props.all}>
        {(each) => (
          <tr>
            <th scope="row">{each.certificate_number}</th>
            <td>{each.course}</td>
            <td>
              <When at={each.issued_at} isDay />
            </td>
            <td>
              <Show when={each.expires_at} fallback="No end">
                {(at) => <When at={at()} isDay />}
              </Show>
            </td>
            <td class="long">
              {STATES[each.state]}
              {each.revoked_reason ? `: ${each.revoked_reason}` : ""}
            </td>
            <td>
              <Show when={each.state !== "revoked"} fallback="Nothing">
                <Button onClick={() => props.revoke(each)}>
                  Revoke<span class="visually-hidden">: {each.certificate_number}</span>
                </Button>
              </Show>
            </td>
          </tr>
        )}
      </For>
    </Table>
  );
}
