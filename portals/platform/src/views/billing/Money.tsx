//! What an account pays: its subscription, its invoices, and whether it is known who pays.

import type { JSX } from "solid-js";
import { Invoices } from "./Invoices";
import { Kyc } from "./Kyc";
import { Subscription } from "./Subscription";

export function Money(props: { readonly account: string }): JSX.Element {
  return (
    <>
      <Subscription account={props.account} />
      <Invoices account={props.account} />
      <Kyc account={props.account} />
    </>
  );
}
