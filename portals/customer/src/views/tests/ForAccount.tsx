//! For which account tests are taken: asked only where there is a choice.

import { A } from "@solidjs/router";
import { createSignal, For, type JSX, Show } from "solid-js";
import type { Choosable } from "./accounts";

export function ForAccount(props: {
  readonly accounts: readonly Choosable[];
  readonly children: (account: () => string | undefined) => JSX.Element;
}): JSX.Element {
  const [chosen, setChosen] = createSignal<string>();
  const account = () => chosen() ?? props.accounts[0]?.id;
  return (
    <>
      <Show when={props.accounts.length > 1}>
        <div class="field tests-account">
          <label for="account">Take tests for</label>
          <select id="account" class="input" onChange={(event) => setChosen(event.currentTarget.value)}>
            <For each={props.accounts}>{(each) => <option value={each.id}>{each.name}</option>}</For>
          </select>
        </div>
      </Show>
      <Show when={props.accounts.length === 0}>
        <p class="notice">
          Tests are taken for an account, and you are in none yet. <A href="/accounts/new">Open one</A>, or accept an
          invitation.
        </p>
      </Show>
      {props.children(account)}
    </>
  );
}
