//! The accounts that somebody has a role in.

import { Loaded, Page, When } from "@rerp/shared/app";
import { accountName, roleName } from "@rerp/shared/people";
import { LinkButton } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import { For, type JSX, Show } from "solid-js";
import "@rerp/shared/records.css";
import { useAccounts } from "./queries";

export default function Accounts(): JSX.Element {
  const query = useAccounts();
  return (
    <Page title="Accounts">
      <Loaded query={query} what="your accounts">
        {(found) => (
          <>
            <Show
              when={found().items.length > 0}
              fallback={
                <p class="card">You are in no account yet. Open one, or accept an invitation to somebody else's.</p>
              }
            >
              <ul class="records">
                <For each={found().items}>
                  {(each) => (
                    <li class="card record">
                      <div>
                        <p>
                          <A href={`/accounts/${each.account_id}`}>{accountName(each.kind, each.display_name)}</A>
                        </p>
                        <p class="small">
                          {each.kind === "personal" ? "Personal" : "Business"}, since{" "}
                          <When at={each.created_at} isDay />
                        </p>
                      </div>
                      <p class="row">
                        <For each={each.roles}>{(role) => <span class="tag">{roleName(role)}</span>}</For>
                      </p>
                    </li>
                  )}
                </For>
              </ul>
            </Show>
            <Show when={found().isCut}>
              <p>You are in more accounts than are shown here.</p>
            </Show>
          </>
        )}
      </Loaded>
      <div class="row">
        <LinkButton weight="first" href="/accounts/new">
          Open an account
        </LinkButton>
        <LinkButton href="/invitation">I have an invitation</LinkButton>
      </div>
    </Page>
  );
}
