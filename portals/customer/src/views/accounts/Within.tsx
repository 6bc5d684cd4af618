//! What is around the views of one account, and of its billing: its name, and the ways between them.

import { Loaded, Page, Sections } from "@rerp/shared/app";
import { accountName } from "@rerp/shared/people";
import { A } from "@solidjs/router";
import type { JSX } from "solid-js";
import "@rerp/shared/records.css";
import { type Account, useAccount, useCompany } from "./queries";

type Children = (account: () => Account) => JSX.Element;

export function Within(props: {
  readonly id: string;
  readonly title: string;
  readonly children: Children;
}): JSX.Element {
  const all = () =>
    [
      [`/accounts/${props.id}`, "Overview"],
      [`/accounts/${props.id}/people`, "People"],
      [`/accounts/${props.id}/addresses`, "Addresses"],
    ] as const;
  return <OneAccount {...props} up={["/accounts", "Accounts"]} name="This account" all={all()} />;
}

export function OneAccount(props: {
  readonly id: string;
  readonly title: string;
  /** Where all accounts are. */
  readonly up: readonly [path: string, label: string];
  /** What the views have in common. */
  readonly name: string;
  readonly all: readonly (readonly [path: string, label: string])[];
  readonly children: Children;
}): JSX.Element {
  const query = useAccount(() => props.id);
  const company = useCompany(() => (query.isSuccess ? query.data.company_id : undefined));
  const name = () =>
    query.isSuccess ? accountName(query.data.kind, company.isSuccess ? company.data.name : null) : "";
  return (
    <Page title={props.title}>
      <p>
        <A href={props.up[0]}>{props.up[1]}</A> <span aria-hidden="true">/</span> {name()}
      </p>
      <Sections name={props.name} all={props.all} />
      <Loaded query={query} what="the account">
        {(account) => props.children(account)}
      </Loaded>
    </Page>
  );
}
