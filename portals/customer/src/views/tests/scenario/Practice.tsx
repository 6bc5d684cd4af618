//! An exercise for a module: a scenario that counts nothing.

import { Loaded, Page, usePerson } from "@rerp/shared/app";
import { useParams } from "@solidjs/router";
import { type JSX, Show } from "solid-js";
import { useAccounts } from "../accounts";
import { ForAccount } from "../ForAccount";
import { Begin } from "./Begin";
import "../tests.css";

/** The fewest bars of a scenario: one more than are visible at first. */
const LEAST = 31;

export default function Practice(): JSX.Element {
  const params = useParams<{ code: string }>();
  const person = usePerson();
  const accounts = useAccounts();
  return (
    <Page title="Practise">
      <p>An exercise has a market of its own. It isn't graded, and you can begin ten an hour.</p>
      <Loaded query={accounts} what="your accounts">
        {(found) => (
          <ForAccount accounts={found()}>
            {(account) => (
              <Show when={account()}>
                {(account_id) => (
                  <section class="card tests-begin" aria-label="New exercise">
                    <Begin
                      part={{ module: params.code, human_name_id: person().person, account_id: account_id() }}
                      least={LEAST}
                    />
                  </section>
                )}
              </Show>
            )}
          </ForAccount>
        )}
      </Loaded>
    </Page>
  );
}
