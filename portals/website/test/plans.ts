//! Plans as billing offers them.

import type { Plan } from "@rerp/shared/api";

const price = (amount: number, currency: string, interval: "month" | "year") => ({
  price_id: "0",
  amount,
  currency,
  interval,
});

export const PLANS: readonly Plan[] = [
  { plan_id: "2", code: "solo", name: "Solo", trial_days: 0, seats: 1, prices: [price(950, "eur", "month")] },
  {
    plan_id: "1",
    code: "pro",
    name: "Pro",
    trial_days: 14,
    seats: 5,
    prices: [price(1900, "eur", "month"), price(19000, "eur", "year"), price(2100, "usd", "month")],
  },
  {
    plan_id: "3",
    code: "house",
    name: "House",
    trial_days: 30,
    seats: null,
    prices: [price(9900, "eur", "month"), price(99000, "eur", "year"), price(10900, "usd", "month")],
  },
];
