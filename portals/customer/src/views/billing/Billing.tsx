//! For which of one's accounts: each has a plan of its own.

import { Loaded, Page } from "@rerp/shared/app";
import { LinkButton } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import { For, type JSX, Show } from "solid-js";
import "@rerp/shared/records.css";
import { accountName, roleName } from "@rerp/shared/people";
import { useAccounts } from "../accounts/queries";

export default function Billing(): JSX.Element {
  const query = useAccounts();
  return (
    <Page title="Plan and payment">
      <Loaded query={query} what="your accounts">
        {(found) => (
          <Show when={found().items.length > 0} fallback={<None />}>
            <p>Plans belong to accounts. Which one is it about?</p>
            <ul class="records">
              <For each={found().items}>
                {(each) => (
                  <li class="card record">
                    <div>
                      <p>
                        <A href={`/billing/${each.account_id}`}>{accountName(each.kind, each.display_name)}</A>
                      </p>
                      <p class="small">{each.roles.map(roleName).join(", ")}</p>
                    </div>
                  </li>
                )}
              </For>
            </ul>
            <Show when={found().isCut}>
              <p>You are in more accounts than are shown here.</p>
            </Show>
          </Show>
        )}
      </Loaded>
      <p>
        <A href="/billing/payment-methods">Your payment methods</A>
      </p>
    </Page>
  );
}

function None(): JSX.Element {
  return (
    <div class="card stack">
      <p>Plans belong to accounts, and you are in none yet.</p>
      <LinkButton weight="first" href="/accounts/new">
        Open an account
      </LinkButton>
    </div>
  );
}
