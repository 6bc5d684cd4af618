//! Plans, subscriptions and what becomes of them, in words.

import type { BillingSchemas, Plan, Price } from "@rerp/shared/api";
import { money } from "@rerp/shared/money";

type Status = BillingSchemas["SubscriptionStatus"];

/** A state of a subscription: its name, and what it means for whoever pays. */
export interface Words {
  readonly title: string;
  readonly text: string;
}

const STATES: Readonly<Record<Status, Words>> = {
  incomplete: {
    title: "Waits for its first payment",
    text: "Nothing is paid yet, and it ends by itself if the first payment doesn't come within 23 hours.",
  },
  incomplete_expired: {
    title: "Never began",
    text: "The first payment did not come in time. Nothing was charged; choose a plan to begin anew.",
  },
  trialing: { title: "On trial", text: "Nothing has to be paid yet. Without a payment method it ends with the trial." },
  active: { title: "Active", text: "It is paid for." },
  past_due: {
    title: "A payment is late",
    text: "The last payment failed. We try again for some days; have a payment method that works until then.",
  },
  unpaid: {
    title: "Not paid",
    text: "Payments failed again and again, so the plan rests. Add a payment method that works, or end it.",
  },
  canceled: { title: "Ended", text: "Nothing is charged any more. Choose a plan to begin anew." },
  paused: {
    title: "Paused",
    text: "The trial has ended, and there was nothing to pay with. Add a payment method, or end it.",
  },
};
const ASKED: Words = { title: "Being made", text: "Our payment provider has not answered yet. This takes a moment." };

export function stateOf(status: Status | null): Words {
  return status === null ? ASKED : STATES[status];
}

/** Whether it has ended for good, so that another one may begin. */
export function isOver(status: Status | null): boolean {
  return status === "canceled" || status === "incomplete_expired";
}

/** Whether there is a period that it could end with. */
export function isRunning(status: Status | null): boolean {
  return status !== null && !isOver(status) && status !== "incomplete";
}

/** Whether it may have another price. */
export function isChangeable(status: Status | null, ends: boolean): boolean {
  return (status === "active" || status === "trialing") && !ends;
}

export const amount = (value: number, currency: string): string => money(value, currency, navigator.language);

/** `€12.50 a month`. */
export function cost(price: Price): string {
  return `${amount(price.amount, price.currency)} a ${price.interval}`;
}

/** How many people a plan is for. */
export function seats(plan: Plan): string {
  if (!plan.seats) {
    return "As many people as you like";
  }
  return plan.seats === 1 ? "One person" : `Up to ${plan.seats} people`;
}

/** A plan and its price, of those that are offered. */
export function found(
  plans: readonly Plan[],
  price: string,
): { readonly plan: Plan; readonly price: Price } | undefined {
  for (const plan of plans) {
    const match = plan.prices.find(({ price_id }) => price_id === price);
    if (match) {
      return { plan, price: match };
    }
  }
  return undefined;
}

const BRANDS: Readonly<Record<string, string>> = {
  visa: "Visa",
  mastercard: "Mastercard",
  amex: "American Express",
  discover: "Discover",
  diners: "Diners Club",
  jcb: "JCB",
  unionpay: "UnionPay",
};

export function brandOf(brand: string | null): string {
  return brand ? (BRANDS[brand] ?? brand) : "Payment method";
}

/** Cards are good until the end of their month. */
export function hasExpired(method: BillingSchemas["PaymentMethod"], now: Date): boolean {
  const { exp_month: month, exp_year: year } = method;
  return Boolean(month && year && now >= new Date(year, month, 1));
}

const INVOICES: Readonly<Record<string, string>> = {
  draft: "Being made",
  open: "To be paid",
  paid: "Paid",
  uncollectible: "Given up",
  void: "Taken back",
};

export function invoiceState(status: string): string {
  return INVOICES[status] ?? status;
}

const PAYMENTS: Readonly<Record<string, string>> = {
  requires_payment_method: "No payment has worked yet.",
  requires_confirmation: "The payment waits for you to confirm it.",
  requires_action: "The payment waits for you to confirm it.",
  processing: "The payment is under way.",
};

/** How the payment of an invoice that isn't settled stands. */
export function paymentState(invoice: BillingSchemas["Invoice"]): string | undefined {
  return invoice.status === "open" ? PAYMENTS[invoice.payment_status ?? ""] : undefined;
}
