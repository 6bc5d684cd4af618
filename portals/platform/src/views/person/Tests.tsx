//! Somebody's tests: how far they have come, their certificates, and more time for tests.

import { Loaded, taken, useApi, When } from "@rerp/shared/app";
import { useQuery } from "@tanstack/solid-query";
import { For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { Certificates } from "./Certificates";
import { ExtraTime } from "./ExtraTime";
import { PERSON } from "./queries";
import { Within } from "./Within";

export default function Tests(): JSX.Element {
  return (
    <Within title="Tests">
      {(person) => (
        <>
          <Progress person={person} />
          <Certificates person={person} />
          <ExtraTime person={person} />
        </>
      )}
    </Within>
  );
}

function Progress(props: { readonly person: string }): JSX.Element {
  const api = useApi();
  const load = async () => {
    const params = { path: { human_name_id: props.person } };
    return (await taken(api.GET("/api/fte/progress/{human_name_id}", { params }))).courses;
  };
  const query = useQuery(() => ({ queryKey: [PERSON, props.person, "progress"], queryFn: load }));
  return (
    <Section title="Progress">
      <Loaded query={query} what="progress">
        {(courses) => (
          <Show when={courses().length > 0} fallback={<p class="card">They have begun no course.</p>}>
            <Table
              label="Progress"
              columns={["Course", "Modules passed", "At", "Final passed", "Certificate", "Last here"]}
            >
              <For each={courses()}>
                {(each) => (
                  <tr>
                    <th scope="row">{each.course}</th>
                    <td class="number">
                      {each.modules_passed} of {each.modules_total} ({each.overall_progress} %)
                    </td>
                    <td>{each.current_module ?? "None"}</td>
                    <td>
                      <Show when={each.final_passed_at} fallback="No">
                        {(at) => <When at={at()} isDay />}
                      </Show>
                    </td>
                    <td>
                      <Show when={each.certificate_issued_at} fallback="None">
                        {(at) => <When at={at()} isDay />}
                      </Show>
                    </td>
                    <td>
                      <When at={each.last_accessed_at} />
                    </td>
                  </tr>
                )}
              </For>
            </Table>
          </Show>
        )}
      </Loaded>
    </Section>
  );
}
