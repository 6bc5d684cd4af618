//! An account, and what is around each of its views, played.

import { ANN } from "../../shared/test/played";

export const ONE = "0191f7a1-0000-7000-8000-00000000000a";
export const BEA = "0191f7a1-0000-7000-8000-000000000002";
export const FIRM = "0191f7a1-0000-7000-8000-00000000000f";
export const BASE = `/api/accounts/${ONE}`;
export const AT = "2026-01-01T00:00:00Z";
export const ACCOUNT = {
  account_id: ONE,
  human_name_id: ANN,
  kind: "business",
  company_id: FIRM,
  plan_id: null,
  version: 1,
  created_at: AT,
  updated_at: AT,
};
export const page =
  (...items: unknown[]) =>
  () =>
    Response.json({ items, next_cursor: null });
export const GONE = () => new Response(null, { status: 204 });
export const ACTIONS = ["account.view", "role.manage", "owner.manage", "address.manage"];
const may =
  (...allowed: string[]) =>
  () =>
    Response.json({
      account_id: ONE,
      human_name_id: ANN,
      permissions: ACTIONS.map((action) => ({
        action,
        allowed: allowed.includes(action),
        reason: "role",
        detail: `why not ${action}`,
        granted_by: null,
      })),
    });
export const around = (...allowed: string[]) => ({
  [`GET ${BASE}`]: [() => Response.json(ACCOUNT)],
  [`GET /api/accounts/companies/${FIRM}`]: [
    () => Response.json({ company_id: FIRM, name: "Ash & Co", provenance: "person" }),
  ],
  [`GET ${BASE}/permissions/${ANN}`]: [may(...allowed)],
});
