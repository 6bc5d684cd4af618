//! What came of forms in a span of time, in numbers: how far visitors came, as bars and as a table.

import type { MarketingSchemas } from "@rerp/shared/api";
import { Loaded, taken, useApi, When } from "@rerp/shared/app";
import { Field } from "@rerp/shared/ui";
import { useQuery } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { LEADS, Leads } from "./Leads";

type Step = MarketingSchemas["FormStep"];

/** Spans in days; the service takes 366 at most. */
const SPANS = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "365 days" },
];
const USUAL = "30";
const DAY = 24 * 60 * 60_000;
/** Forms that are shown, at most: as many as a page has. */
const FORMS = 200;

const STEPS = [
  ["captures", "Sent"],
  ["addresses", "Addresses"],
  ["named_company", "Named a company"],
  ["consented", "Agreed to news"],
  ["confirmed", "Confirmed that"],
  ["wrote", "Wrote a message"],
] as const satisfies readonly (readonly [keyof Step, string])[];

export default function Funnel(): JSX.Element {
  const api = useApi();
  const [days, setDays] = createSignal(USUAL);
  const load = async (span: number) => {
    const from = new Date(Date.now() - span * DAY).toISOString();
    const query = { from, limit: FORMS };
    return (await taken(api.GET("/api/marketing/funnel", { params: { query } }))) as MarketingSchemas["Funnel"];
  };
  const query = useQuery(() => ({ queryKey: [LEADS, "funnel", days()], queryFn: () => load(Number(days())) }));
  return (
    <Leads title="Leads">
      <div class="narrow" onInput={(event) => setDays((event.target as HTMLSelectElement).value)}>
        <Field
          mistake={undefined}
          spec={{ name: "span", label: "The last", required: true, maxlength: 3, value: USUAL, choices: SPANS }}
        />
      </div>
      <Loaded query={query} what="the funnel">
        {(found) => (
          <>
            <p class="small">
              From <When at={found().from} /> to <When at={found().to} />
            </p>
            <Show when={found().items.length > 0} fallback={<p class="card">No form was sent in this time.</p>}>
              <For each={found().items}>{(form) => <Form form={form} />}</For>
            </Show>
            <Show when={found().next_cursor}>
              <p>There are more forms than are shown here.</p>
            </Show>
          </>
        )}
      </Loaded>
    </Leads>
  );
}

function Form(props: { readonly form: Step }): JSX.Element {
  const most = () => Math.max(1, ...STEPS.map(([name]) => props.form[name]));
  return (
    <Section title={`Form “${props.form.source}”`}>
      <Table
        label={`Numbers of the form ${props.form.source}`}
        columns={["Step", "Number", "Of those sent", "As a bar"]}
      >
        <For each={STEPS}>
          {([name, label]) => (
            <tr>
              <th scope="row">{label}</th>
              <td class="number">{props.form[name]}</td>
              <td class="number">{share(props.form[name], props.form.captures)}</td>
              <td class="bar-place">
                <Bar part={props.form[name] / most()} />
              </td>
            </tr>
          )}
        </For>
      </Table>
    </Section>
  );
}

/** The longest bar and the height of all of them, in the picture's own units. */
const LONGEST = 100;
const HEIGHT = 10;

/** The numbers beside it say the same. */
function Bar(props: { readonly part: number }): JSX.Element {
  return (
    <svg class="bar" viewBox={`0 0 ${LONGEST} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <rect height={HEIGHT} width={props.part * LONGEST} fill="currentColor" />
    </svg>
  );
}

function share(part: number, whole: number): string {
  return whole > 0 ? `${Math.round((100 * part) / whole)} %` : "–";
}
