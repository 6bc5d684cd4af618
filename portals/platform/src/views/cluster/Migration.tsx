//! One split: how far it is, how far the stream is behind, how long writers waited, and the way back.

import { Loaded, Page } from "@rerp/shared/app";
import { useParams } from "@solidjs/router";
import { createEffect, createSignal, For, type JSX, on, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { type Migration, type Told, useCluster } from "./api";
import { Figures } from "./Figures";
import { Steps } from "./Steps";
import { Turn } from "./Turn";
import { useWatched } from "./watch";
import { age, conditionWords, moves, phaseOf, phaseWords, state } from "./words";
import "@rerp/shared/records.css";
import "./split.css";

export default function One(): JSX.Element {
  const params = useParams<{ name: string }>();
  const cluster = useCluster();
  const find = (told: Told<Migration>) => told.items.find((each) => each.metadata.name === params.name);
  const query = useWatched("migrations", cluster.migrations, ({ items }) => items.some(moves));
  return (
    <Page title={`Split of ${params.name}`}>
      <Loaded query={query} what="the split">
        {(told) => (
          <>
            <Show when={query.isError}>
              <p>The cluster can't be asked right now. This is what was last seen; it is asked again by itself.</p>
            </Show>
            <Show when={find(told())} fallback={<p class="card">There is no split of this name.</p>}>
              {(found) => <Parts migration={found()} />}
            </Show>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Parts(props: { readonly migration: Migration }): JSX.Element {
  const phase = () => phaseOf(props.migration);
  // Read aloud when it changes, and nothing else is: numbers change all the time.
  const [said, setSaid] = createSignal("");
  createEffect(on(phase, (now) => setSaid(phaseWords(now)), { defer: true }));
  return (
    <>
      <p class="visually-hidden" aria-live="polite">
        {said()}
      </p>
      <div class="split">
        <Section title="Phase">
          <Show when={state(props.migration).why}>{(why) => <p class="card">{why()}</p>}</Show>
          <Steps phase={phase()} />
        </Section>
        <Figures migration={props.migration} />
        <Turn migration={props.migration} />
      </div>
      <Section title="Conditions">
        <Table label="Conditions" columns={["What", "Is it so", "Why", "Since"]}>
          <For each={props.migration.status?.conditions ?? []}>
            {(each) => (
              <tr>
                <th scope="row">{each.type}</th>
                <td>{conditionWords(each)}</td>
                <td class="long">{each.message || each.reason}</td>
                <td>{each.lastTransitionTime ? age(each.lastTransitionTime) : ""}</td>
              </tr>
            )}
          </For>
        </Table>
      </Section>
    </>
  );
}
