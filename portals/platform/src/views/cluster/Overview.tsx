//! The platform at a glance: migrations, services, databases.

import { Loaded, Page, When } from "@rerp/shared/app";
import { A } from "@solidjs/router";
import type { UseQueryResult } from "@tanstack/solid-query";
import { For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { type Database, type Migration, type Service, type Stored, type Told, useCluster } from "./api";
import { useWatched } from "./watch";
import { age, moves, phaseOf, phaseWords, state } from "./words";

export default function Overview(): JSX.Element {
  const cluster = useCluster();
  const migrations = useWatched("migrations", cluster.migrations, ({ items }) => items.some(moves));
  const services = useWatched("services", cluster.services);
  const databases = useWatched("databases", cluster.databases);
  return (
    <Page title="Platform">
      <List title="Database splits" query={migrations} columns={["Name", "Phase", "State", "Age"]}>
        {(each: () => Migration) => (
          <>
            <th scope="row">
              <A href={`/platform/migrations/${each().metadata.name}`}>{each().metadata.name}</A>
            </th>
            <td>{phaseWords(phaseOf(each()))}</td>
            <State of={each()} />
          </>
        )}
      </List>
      <List title="Services" query={services} columns={["Name", "Pods", "Certificate ends", "State", "Age"]}>
        {(each: () => Service) => (
          <>
            <th scope="row">{each().metadata.name}</th>
            <td>
              {each().status?.availableReplicas ?? 0} of {each().status?.replicas ?? 0}
            </td>
            <Ends at={each().status?.certificate?.notAfter} />
            <State of={each()} />
          </>
        )}
      </List>
      <List title="Databases" query={databases} columns={["Name", "Certificate ends", "State", "Age"]}>
        {(each: () => Database) => (
          <>
            <th scope="row">{each().metadata.name}</th>
            <Ends at={each().status?.certificate?.notAfter} />
            <State of={each()} />
          </>
        )}
      </List>
    </Page>
  );
}

function List<T extends Stored>(props: {
  readonly title: string;
  readonly query: UseQueryResult<Told<T>, Error>;
  readonly columns: readonly string[];
  readonly children: (each: () => T) => JSX.Element;
}): JSX.Element {
  // By name: a row stays while what it says changes, and whoever is in it with a keyboard stays there.
  const names = (told: Told<T>) => told.items.map(({ metadata }) => metadata.name);
  const find = (told: Told<T>, name: string) => told.items.find(({ metadata }) => metadata.name === name);
  return (
    <Section title={props.title}>
      <Loaded query={props.query} what={props.title.toLowerCase()}>
        {(told) => (
          <>
            <Show when={props.query.isError}>
              <p>The cluster can't be asked right now. This is what was last seen; it is asked again by itself.</p>
            </Show>
            <Show when={told().items.length > 0} fallback={<p class="card">There is none.</p>}>
              <Table label={props.title} columns={props.columns}>
                <For each={names(told())}>
                  {(name) => <Show when={find(told(), name)}>{(each) => <tr>{props.children(each)}</tr>}</Show>}
                </For>
              </Table>
            </Show>
            <Show when={told().more}>
              <p>There are more than are shown here.</p>
            </Show>
          </>
        )}
      </Loaded>
    </Section>
  );
}

function State(props: { readonly of: Stored }): JSX.Element {
  return (
    <>
      <td class="long">
        {state(props.of).word}
        <Show when={state(props.of).why}>{(why) => <p class="small">{why()}</p>}</Show>
      </td>
      <td>{age(props.of.metadata.creationTimestamp)}</td>
    </>
  );
}

function Ends(props: { readonly at: string | undefined }): JSX.Element {
  return <td>{props.at ? <When at={props.at} /> : "It has none"}</td>;
}
