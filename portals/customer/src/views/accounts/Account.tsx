//! An account at a glance: what it is, and what one may do in it and why not.

import { Loaded, When } from "@rerp/shared/app";
import { ACTIONS } from "@rerp/shared/people";
import { useParams } from "@solidjs/router";
import { For, type JSX, Show } from "solid-js";
import { type Account as Data, type Permission, useCompany, usePermissions } from "./queries";
import { Within } from "./Within";

export default function Account(): JSX.Element {
  const params = useParams();
  const id = () => params.account ?? "";
  const permissions = usePermissions(id);
  return (
    <Within id={id()} title="Account">
      {(account) => (
        <>
          <Facts account={account()} />
          <section class="stack" aria-labelledby="may">
            <h2 id="may">What you may do</h2>
            <Loaded query={permissions} what="what you may do">
              {(found) => (
                <ul class="records card">
                  <For each={found()}>{(each) => <May permission={each} />}</For>
                </ul>
              )}
            </Loaded>
          </section>
        </>
      )}
    </Within>
  );
}

function Facts(props: { readonly account: Data }): JSX.Element {
  const company = useCompany(() => props.account.company_id);
  return (
    <dl class="facts card">
      <dt>Kind</dt>
      <dd>{props.account.kind === "personal" ? "Personal" : "Business"}</dd>
      <Show when={props.account.company_id}>
        <dt>Company</dt>
        <dd>
          <Loaded query={company} what="the company">
            {(found) => <>{found().name}</>}
          </Loaded>
        </dd>
      </Show>
      <dt>Opened</dt>
      <dd>
        <When at={props.account.created_at} isDay />
      </dd>
      <dt>Number</dt>
      <dd>{props.account.account_id}</dd>
    </dl>
  );
}

function May(props: { readonly permission: Permission }): JSX.Element {
  return (
    <li class="record">
      <div>
        <p>{ACTIONS[props.permission.action] ?? props.permission.action}</p>
        <Show when={!props.permission.allowed}>
          <p class="small">{props.permission.detail}</p>
        </Show>
      </div>
      <span class={props.permission.allowed ? "proof-done" : "proof-open"}>
        {props.permission.allowed ? "Yes" : "No"}
      </span>
    </li>
  );
}
