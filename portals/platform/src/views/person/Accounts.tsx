//! The accounts in which somebody has a role, each with its parts, which are loaded when it is opened.

import { Loaded } from "@rerp/shared/app";
import { accountName, roleName } from "@rerp/shared/people";
import { For, type JSX, Show } from "solid-js";
import { Fold } from "../../parts/Fold";
import { Parts } from "../account/Parts";
import { useAccounts } from "./queries";
import { Within } from "./Within";

export default function Accounts(): JSX.Element {
  return <Within title="Accounts and roles">{(person) => <List person={person} />}</Within>;
}

function List(props: { readonly person: string }): JSX.Element {
  const query = useAccounts(props.person);
  return (
    <Loaded query={query} what="accounts">
      {(found) => (
        <>
          <Show when={found().items.length > 0} fallback={<p class="card">They are in no account.</p>}>
            <For each={found().items}>
              {(each) => (
                <Fold
                  label={`${accountName(each.kind, each.display_name)} (${each.roles.map(roleName).join(", ")}), ${each.account_id}`}
                >
                  <Parts account={each.account_id} person={props.person} />
                </Fold>
              )}
            </For>
          </Show>
          <Show when={found().isCut}>
            <p>They are in more accounts than are shown here.</p>
          </Show>
        </>
      )}
    </Loaded>
  );
}
