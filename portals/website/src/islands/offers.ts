//! What can be chosen among plans. In: plans. Out: intervals, currencies, the price for a choice. Pure.

import type { Plan, Price } from "@rerp/shared/api";

export type Interval = Price["interval"];

/** What most visitors are expected to pay with, where it is offered. */
const USUAL = "eur";

export function intervals(plans: readonly Plan[]): Interval[] {
  const offered = new Set(plans.flatMap((plan) => plan.prices.map((price) => price.interval)));
  return (["month", "year"] as const).filter((interval) => offered.has(interval));
}

export function currencies(plans: readonly Plan[]): string[] {
  return [...new Set(plans.flatMap((plan) => plan.prices.map((price) => price.currency)))].sort();
}

export function preferred(offered: readonly string[]): string {
  return offered.includes(USUAL) ? USUAL : (offered[0] ?? USUAL);
}

/** What a plan costs; none if it isn't offered so. */
export function price(plan: Plan, interval: Interval, currency: string): Price | undefined {
  return plan.prices.find((each) => each.interval === interval && each.currency === currency);
}

export function trial(days: number): string {
  return days === 1 ? "1 day free" : `${days} days free`;
}

export function seats(count: number | null | undefined): string {
  if (count === null || count === undefined) {
    return "As many people as you like";
  }
  return count === 1 ? "For one person" : `Up to ${count} people`;
}
