//! Billing of an account, played.

import { ANN } from "../../shared/test/played";
import { ACCOUNT, BASE, FIRM, ONE } from "./account";

export const SMALL = "0191f7a1-0000-7000-8000-0000000000b1";
export const LARGE = "0191f7a1-0000-7000-8000-0000000000b2";
export const SUBSCRIPTION = `/api/billing/subscription/${ONE}`;
export const END = "2026-12-01T00:00:00Z";
const price = (price_id: string, amount: number) => ({ price_id, amount, currency: "eur", interval: "month" });
const plan = (code: string, name: string, seats: number | null, ...prices: unknown[]) => ({
  plan_id: `0191f7a1-0000-7000-8000-0000000000c${prices.length}`,
  code,
  name,
  trial_days: 14,
  seats,
  prices,
});
export const PLANS = () =>
  Response.json({
    items: [plan("small", "Small", 1, price(SMALL, 1250)), plan("large", "Large", 25, price(LARGE, 4000))],
  });
export const subscription = (more: Record<string, unknown> = {}) => ({
  subscription_id: "0191f7a1-0000-7000-8000-0000000000d1",
  account_id: ONE,
  human_name_id: ANN,
  plan_id: "0191f7a1-0000-7000-8000-0000000000c1",
  price_id: SMALL,
  status: "active",
  trial_end: null,
  current_period_end: END,
  cancel_at_period_end: false,
  entitlement: { access: "full" },
  ...more,
});
export const answer =
  (more: Record<string, unknown> = {}, version = 3, status = 200) =>
  () =>
    Response.json(subscription(more), { status, headers: { etag: `"${version}"` } });
export const NOT_FOUND = () =>
  Response.json({ type: "https://rerp.dev/problems/not-found", title: "not found", status: 404 }, { status: 404 });
const may = (allowed: boolean) => () =>
  Response.json({
    account_id: ONE,
    human_name_id: ANN,
    permissions: [
      { action: "billing.manage", allowed, reason: "role", detail: "only owners choose plans", granted_by: null },
    ],
  });
const proved = (both_verified: boolean) => () =>
  Response.json({
    human_name_id: ANN,
    email_verified: true,
    email_verified_at: END,
    phone_verified: both_verified,
    phone_verified_at: null,
    both_verified,
  });
/** What every view of an account's plan asks for. */
export const around = ({ mayManage = true, isProved = true, plan_id = null as string | null } = {}) => ({
  [`GET ${BASE}`]: [() => Response.json({ ...ACCOUNT, plan_id })],
  [`GET /api/accounts/companies/${FIRM}`]: [
    () => Response.json({ company_id: FIRM, name: "Ash & Co", provenance: "person" }),
  ],
  [`GET ${BASE}/permissions/${ANN}`]: [may(mayManage)],
  [`GET /api/identity/verification-status/${ANN}`]: [proved(isProved)],
  "GET /api/billing/plans": [PLANS],
  [`GET /api/billing/kyc/status/${ONE}`]: [NOT_FOUND],
});
