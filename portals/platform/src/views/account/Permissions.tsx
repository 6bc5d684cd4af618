//! What somebody may do in an account, and why or why not.

import { Loaded } from "@rerp/shared/app";
import { ACTIONS } from "@rerp/shared/people";
import { For, type JSX } from "solid-js";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { usePermissions } from "./queries";

export function Permissions(props: {
  readonly account: string;
  readonly person: string;
  readonly title: string;
}): JSX.Element {
  const query = usePermissions(props.account, props.person);
  return (
    <Section title={props.title}>
      <Loaded query={query} what="what they may do">
        {(found) => (
          <Table label={props.title} columns={["Action", "Allowed", "Why"]}>
            <For each={found().permissions}>
              {(each) => (
                <tr>
                  <th scope="row">{ACTIONS[each.action] ?? each.action}</th>
                  <td class={each.allowed ? "proof-done" : "proof-open"}>{each.allowed ? "Yes" : "No"}</td>
                  <td class="long">{each.detail}</td>
                </tr>
              )}
            </For>
          </Table>
        )}
      </Loaded>
    </Section>
  );
}
