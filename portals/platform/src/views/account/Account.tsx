//! An account, opened by its identifier: whose it is, and its parts.

import { Loaded, Page, taken, useApi, When } from "@rerp/shared/app";
import { accountName } from "@rerp/shared/people";
import { useParams } from "@solidjs/router";
import { useQuery } from "@tanstack/solid-query";
import { type JSX, Show } from "solid-js";
import { About } from "../../about/About";
import { Section } from "../../parts/Section";
import { Money } from "../billing/Money";
import { identifier } from "../search/find";
import { Parts } from "./Parts";
import { PersonLink } from "./PersonLink";
import { ACCOUNT, type Account as Data } from "./queries";
import "@rerp/shared/records.css";
import "../../parts/parts.css";

export default function Account(): JSX.Element {
  const params = useParams<{ account: string }>();
  const id = () => identifier(params.account);
  return (
    <Page title="Account">
      <Show when={id()} fallback={<p class="card">This is no account's identifier.</p>} keyed>
        {(account) => (
          <>
            <p class="small">Account {account}</p>
            <About subject={account}>{() => <Whole account={account} />}</About>
          </>
        )}
      </Show>
    </Page>
  );
}

function Whole(props: { readonly account: string }): JSX.Element {
  const api = useApi();
  const load = async () => {
    const params = { path: { account_id: props.account } };
    return (await taken(api.GET("/api/accounts/{account_id}", { params }))) as Data;
  };
  const query = useQuery(() => ({ queryKey: [ACCOUNT, props.account, "one"], queryFn: load }));
  return (
    <>
      <Section title="What it is">
        <Loaded query={query} what="the account">
          {(found) => (
            <dl class="facts card">
              <dt>Kind</dt>
              <dd>{accountName(found().kind)}</dd>
              <dt>Opened by</dt>
              <dd>
                <PersonLink person={found().human_name_id} />
              </dd>
              <Show when={found().company_id}>
                <dt>Company</dt>
                <dd>{found().company_id}</dd>
              </Show>
              <dt>Opened</dt>
              <dd>
                <When at={found().created_at} />
              </dd>
            </dl>
          )}
        </Loaded>
      </Section>
      <Parts account={props.account} person={query.isSuccess ? query.data.human_name_id : undefined} />
      <Money account={props.account} />
    </>
  );
}
