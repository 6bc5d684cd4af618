//! Who of the staff looked at what, when and why, by service. Looking at it wants a reason too, and leaves a row.

import type { IdentitySchemas } from "@rerp/shared/api";
import { Page, taken, useApi, When } from "@rerp/shared/app";
import { createSignal, For, type JSX, Show } from "solid-js";
import { About } from "../../about/About";
import { Paged, type PageOf, ROWS } from "../../parts/Paged";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { Choose, FIRST, type Filter, SERVICES } from "./Choose";
import "@rerp/shared/records.css";
import "../../parts/parts.css";

type Row = IdentitySchemas["StaffAccess"];

const COLUMNS = ["When", "Who", "Route", "About", "Why", "What of it"];

export default function Audit(): JSX.Element {
  const [filter, setFilter] = createSignal(FIRST);
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

function Rows(props: { readonly filter: Filter; readonly reason: () => string }): JSX.Element {
  const api = useApi();
  return (
    <Paged<Row>
      name={["audit", props.filter]}
      what="the trail"
      none="Nobody has looked at anything yet."
      load={(cursor) => {
        const query = { reason: props.reason(), order: "newest_first" as const, limit: ROWS, ...cursor };
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
