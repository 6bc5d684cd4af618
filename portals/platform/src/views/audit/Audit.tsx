//! Who of the staff looked at what, when and why, by service. Looking at it wants a reason too, and leaves a row.

import type { IdentitySchemas, Problem } from "@rerp/shared/api";
import { Form, Page, taken, useApi, When } from "@rerp/shared/app";
import type { FieldSpec } from "@rerp/shared/ui";
import { createSignal, For, type JSX, Show } from "solid-js";
import { About } from "../../about/About";
import { Paged, type PageOf, ROWS } from "../../parts/Paged";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { identifier } from "../search/find";
import "@rerp/shared/records.css";
import "../../parts/parts.css";

type Row = IdentitySchemas["StaffAccess"];

/** Which rows are shown. */
interface Filter {
  readonly service: string;
  /** Of this person's data only; Identity alone looks for it. */
  readonly subject: string;
}

const SERVICES = [
  { value: "identity", label: "Identity: people, contacts, sign-ins" },
  { value: "marketing", label: "Marketing: leads and messages" },
];
const COLUMNS = ["When", "Who", "Route", "About", "Why", "What of it"];

export default function Audit(): JSX.Element {
  const [filter, setFilter] = createSignal<Filter>({ service: "identity", subject: "" });
  return (
    <Page title="Audit trail">
      <About subject="audit">
        {(reason) => (
          <>
            <Choose filter={filter()} choose={setFilter} />
            <Section title={SERVICES.find(({ value }) => value === filter().service)?.label ?? ""}>
              <Show when={filter()} keyed>
                {(chosen) => <Rows filter={chosen} reason={reason} />}
              </Show>
            </Section>
          </>
        )}
      </About>
    </Page>
  );
}

function Choose(props: { readonly filter: Filter; readonly choose: (filter: Filter) => void }): JSX.Element {
  const fields = (): readonly FieldSpec[] => [
    {
      name: "service",
      label: "Service",
      required: true,
      maxlength: 20,
      value: props.filter.service,
      choices: SERVICES,
    },
    {
      name: "subject",
      label: "Of this person only",
      maxlength: 36,
      value: props.filter.subject,
      hint: "Their identifier. Identity alone can look for it.",
    },
  ];
  const send = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    const { service = "identity", subject: text = "" } = values;
    const subject = text ? identifier(text) : "";
    if (subject === undefined) {
      return { kind: "invalid-value", fields: { subject: "This is no identifier: those have 36 characters." } };
    }
    if (subject && service !== "identity") {
      return { kind: "invalid-value", fields: { subject: "Leave this empty: this service can't look for it." } };
    }
    props.choose({ service, subject });
    return undefined;
  };
  return (
    <div class="narrow">
      <Form fields={fields()} button="Show" busy="Showing …" send={send} stays />
    </div>
  );
}

function Rows(props: { readonly filter: Filter; readonly reason: () => string }): JSX.Element {
  const api = useApi();
  return (
    <Paged<Row>
      name={["audit", props.filter.service, props.filter.subject]}
      what="the trail"
      none="Nobody has looked at anything."
      load={(cursor) => {
        const query = { reason: props.reason(), limit: ROWS, ...cursor };
        const { service, subject } = props.filter;
        return (
          service === "marketing"
            ? taken(api.GET("/api/marketing/audit", { params: { query } }))
            : taken(
                api.GET("/api/identity/audit", { params: { query: { ...query, ...(subject ? { subject } : {}) } } }),
              )
        ) as Promise<PageOf<Row>>;
      }}
    >
      {(items) => (
        <Table label="Audit trail" columns={COLUMNS}>
          <For each={items()}>{(each) => <Line row={each} />}</For>
        </Table>
      )}
    </Paged>
  );
}

function Line(props: { readonly row: Row }): JSX.Element {
  return (
    <tr>
      <td>
        <When at={props.row.at} />
      </td>
      <td>{props.row.staff_id}</td>
      <td>{props.row.route ?? "Not by a request"}</td>
      <td>{props.row.about.join(", ") || "Nobody by name"}</td>
      <td class="long">{props.row.reason ?? "Not said"}</td>
      <td class="long">{props.row.detail ? JSON.stringify(props.row.detail) : ""}</td>
    </tr>
  );
}
