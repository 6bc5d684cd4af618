//! Leads, page by page, and all of them as a file.

import type { MarketingSchemas, Problem } from "@rerp/shared/api";
import { Form, taken, useApi, When } from "@rerp/shared/app";
import type { FieldSpec } from "@rerp/shared/ui";
import { createSignal, For, type JSX, Show } from "solid-js";
import { Paged, type PageOf, ROWS } from "../../parts/Paged";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { Download } from "./Download";
import { LEADS, Reasoned } from "./Leads";

type Lead = MarketingSchemas["Lead"];

const COLUMNS = ["When", "Form", "Name", "Address", "Company", "Plan", "Agreed", "Confirmed", "Captcha"];
const FORM: FieldSpec = { name: "source", label: "Form", maxlength: 64, hint: "Empty for all of them." };

export default function List(): JSX.Element {
  const [source, setSource] = createSignal("");
  const send = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    setSource(values.source ?? "");
    return undefined;
  };
  return (
    <Reasoned title="Leads, one by one">
      {(reason) => (
        <>
          <div class="narrow">
            <Form fields={[{ ...FORM, value: source() }]} button="Show" busy="Showing …" send={send} stays />
          </div>
          <Section title={source() ? `Leads of the form “${source()}”` : "Leads of all forms"}>
            <Show when={{ source: source() }} keyed>
              {(chosen) => <Rows source={chosen.source} reason={reason} />}
            </Show>
          </Section>
          <Download source={source()} reason={reason()} />
        </>
      )}
    </Reasoned>
  );
}

function Rows(props: { readonly source: string; readonly reason: () => string }): JSX.Element {
  const api = useApi();
  return (
    <Paged<Lead>
      name={[LEADS, "list", props.source]}
      what="leads"
      none="There are no leads."
      load={(cursor) => {
        const of = props.source ? { source: props.source } : {};
        const query = { reason: props.reason(), limit: ROWS, ...of, ...cursor };
        return taken(api.GET("/api/marketing/leads", { params: { query } })) as Promise<PageOf<Lead>>;
      }}
    >
      {(items) => (
        <Table label="Leads" columns={COLUMNS}>
          <For each={items()}>{(each) => <Row lead={each} />}</For>
        </Table>
      )}
    </Paged>
  );
}

function Row(props: { readonly lead: Lead }): JSX.Element {
  const captcha = () => {
    const { captcha_verdict: verdict, captcha_score: score } = props.lead;
    return verdict ? `${verdict}${score === null ? "" : ` (${score})`}` : "Not asked";
  };
  return (
    <tr>
      <td>
        <When at={props.lead.created_at} />
      </td>
      <td>{props.lead.source}</td>
      <td>{props.lead.name ?? "Not said"}</td>
      <td>{props.lead.email_address_id ?? "Waits for Identity"}</td>
      <td>{props.lead.company_id ?? "None"}</td>
      <td>{props.lead.plan_code ?? "None"}</td>
      <td>
        <Show when={props.lead.consented_at} fallback="No">
          {(at) => <When at={at()} isDay />}
        </Show>
      </td>
      <td>
        <Show when={props.lead.confirmed_at} fallback="No">
          {(at) => <When at={at()} isDay />}
        </Show>
      </td>
      <td>{captcha()}</td>
    </tr>
  );
}
