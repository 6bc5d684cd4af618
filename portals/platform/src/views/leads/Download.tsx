//! Leads as a file. What has come before something went wrong isn't kept: half a file looks like a whole one.

import { createAct, taken, usePerson, useSession } from "@rerp/shared/app";
import { keep } from "@rerp/shared/file";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { createSignal, type JSX } from "solid-js";
import { createAboutApi } from "../../about/api";
import { Section } from "../../parts/Section";

/** How long a file may take, in milliseconds. */
const PATIENCE = 5 * 60_000;

export function Download(props: { readonly source: string; readonly reason: string }): JSX.Element {
  const { person: staff } = usePerson()();
  const api = createAboutApi(useSession(), staff, () => props.reason, PATIENCE);
  const [said, setSaid] = createSignal("");
  const act = createAct(async () => {
    setSaid("");
    const body = { reason: props.reason, ...(props.source ? { source: props.source } : {}) };
    const file = (await taken(api.POST("/api/marketing/leads/export", { body, parseAs: "blob" }))) as Blob;
    keep(props.source ? `leads-${props.source.replace(/[^\w-]/g, "_")}.csv` : "leads.csv", file);
    setSaid("The file is there.");
  });
  return (
    <Section title="As a file">
      <p>All of these leads, with commas between (CSV). The file holds names: keep it no longer than you need it.</p>
      <ProblemNotice problem={act.problem()} />
      <div class="row">
        <Button busy={act.busy()} onClick={() => void act.run()}>
          {act.busy() ? "Getting the file …" : "Get the file"}
        </Button>
        <p role="status">{said()}</p>
      </div>
    </Section>
  );
}
