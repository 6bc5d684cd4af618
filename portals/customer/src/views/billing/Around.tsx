//! What is around the views of one account's billing.

import type { JSX } from "solid-js";
import type { Account } from "../accounts/queries";
import { OneAccount } from "../accounts/Within";

export function Around(props: {
  readonly id: string;
  readonly title: string;
  readonly children: (account: () => Account) => JSX.Element;
}): JSX.Element {
  const all = () =>
    [
      [`/billing/${props.id}`, "Plan"],
      [`/billing/${props.id}/invoices`, "Invoices"],
      ["/billing/payment-methods", "Payment methods"],
    ] as const;
  return <OneAccount {...props} up={["/billing", "Plan and payment"]} name="Billing of this account" all={all()} />;
}
