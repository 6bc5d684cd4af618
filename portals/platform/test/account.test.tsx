import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { ANN, problem } from "../../shared/test/played";
import { AT, account, BEA, calls, GONE, human, look, ONE, page, reasoned } from "./around";
import { controls, fit, heading, of, press, says, show, text } from "./shown";

const BASE = `/api/accounts/${ONE}`;
const REFUSED = () => problem(403, "not-permitted");
const role = (role_id: string, human_name_id: string, name: string) => ({
  role_id,
  account_id: ONE,
  human_name_id,
  role: name,
  created_at: AT,
});
const PERMISSIONS = () =>
  Response.json({
    account_id: ONE,
    human_name_id: BEA,
    permissions: [
      { action: "test.take", allowed: true, reason: "role", detail: "member", granted_by: "member" },
      { action: "owner.manage", allowed: false, reason: "role_too_low", detail: "takes an owner", granted_by: null },
    ],
  });
const invite = (invite_id: string, state: string) => ({
  invite_id,
  account_id: ONE,
  email_address_id: BEA,
  human_name_id: null,
  role: "member",
  state,
  sent_at: null,
  expires_at: AT,
  created_at: AT,
});
const address = {
  address_id: "x",
  type: "billing",
  is_primary: true,
  street_address: "1 Elm Road",
  postal_code: "N1",
  city: "London",
  state_province: null,
  country: "GB",
  updated_at: AT,
};
const MONEY = {
  [`GET /api/billing/subscription/${ONE}`]: [() => problem(404, "not-found")],
  [`GET /api/billing/invoices/${ONE}`]: [page()],
  [`GET /api/billing/kyc/status/${ONE}`]: [() => problem(404, "not-found")],
};
const parts = () => ({
  [`GET ${BASE}`]: [account],
  [`GET ${BASE}/roles`]: [page(role("r1", BEA, "owner"), role("r2", ANN, "admin"))],
  [`GET ${BASE}/permissions/${BEA}`]: [PERMISSIONS],
  [`GET ${BASE}/invites`]: [page(invite("i1", "open"), invite("i2", "revoked"))],
  [`GET ${BASE}/addresses`]: [page(address)],
  ...MONEY,
});
const listed = { account_id: ONE, kind: "business", display_name: "Birch Ltd", company_id: ONE, created_at: AT };
const NOBODY = { [`GET /api/identity/user/${ONE}`]: [() => problem(404, "not-found")] };

describe("an account", () => {
  it("is shown with its parts, and leads to its people for the same reason", async () => {
    const asked = show("/", { ...NOBODY, ...parts(), [`GET /api/identity/user/${BEA}`]: [human] });
    await look(ONE, "Account");
    for (const words of ["Take away: Owner", "takes an owner", "Taken back", "1 Elm Road, N1 London, GB"]) {
      await says(words);
    }
    await says("Nobody has begun to prove who pays.");
    await fit();
    await press(BEA);
    await heading("Person");
    await says("Birch");
    reasoned(asked);
  });

  it("has roles that are given and taken in the cells of a matrix", async () => {
    const asked = show("/", {
      ...NOBODY,
      ...parts(),
      [`DELETE ${BASE}/roles/r1`]: [() => problem(409, "last-owner")],
      [`POST ${BASE}/roles`]: [REFUSED, () => Response.json(role("r3", BEA, "admin"), { status: 201 })],
      [`DELETE ${BASE}/invites/i1`]: [GONE],
    });
    await look(ONE, "Account");
    await press(`Take away: Owner, ${BEA}`);
    await press("Take it away");
    await says("An account needs an owner.");
    await fit();
    await press("Keep it as it is");
    await press(`Give: Admin, ${BEA}`);
    await press("Give it");
    await says("You are not allowed to do this.");
    await press("Give it");
    await says("The role is given.");
    const posts = of(asked, `POST ${BASE}/roles`);
    expect(posts.map(({ body }) => body)).toEqual(Array(2).fill({ human_name_id: BEA, role: "admin" }));
    expect(new Set(posts.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
    await press("Take back");
    await press("Take it back");
    await says("The invitation is taken back.");
    reasoned(asked);
  });

  it("has parts that fail by themselves", async () => {
    const asked = show("/", {
      ...NOBODY,
      ...parts(),
      [`GET ${BASE}/roles`]: [REFUSED],
      [`GET ${BASE}/addresses`]: [REFUSED],
    });
    await look(ONE, "Account");
    await says("takes an owner");
    await eventually(() => expect(controls("Try again").length).toBe(2));
    await fit();
    reasoned(asked);
  });
});

describe("somebody's accounts", () => {
  const at = (path: string, more: Parameters<typeof show>[1]) => {
    const asked = show("/", { [`GET /api/identity/user/${BEA}`]: [human], ...more });
    return { asked, go: () => look(BEA, "Person").then(() => press(path)) };
  };

  it("are loaded when they are opened", async () => {
    const { asked, go } = at("Accounts", {
      "GET /api/accounts": [page({ ...listed, roles: ["owner", "member"] })],
      ...parts(),
    });
    await go();
    await heading("Accounts and roles");
    await says("Birch Ltd (Owner, Member)");
    expect(of(asked, `GET ${BASE}/roles`)).toEqual([]);
    await fit();
    await press("Birch Ltd");
    await says(`What ${BEA} may do`);
    await says("takes an owner");
    await fit();
    await press("Birch Ltd");
    await eventually(() => expect(text()).not.toContain("takes an owner"));
    reasoned(asked);
  });

  it("are paid for, each by itself", async () => {
    const subscription = {
      subscription_id: "s",
      account_id: ONE,
      human_name_id: BEA,
      plan_id: "p",
      price_id: "q",
      status: "past_due",
      trial_end: AT,
      current_period_end: AT,
      cancel_at_period_end: true,
      entitlement: { access: "grace", until: AT },
    };
    const invoice = {
      invoice_id: "i-1",
      subscription_id: "s",
      amount_due: 1250,
      amount_paid: 0,
      currency: "eur",
      status: "open",
      payment_status: null,
      created_at: AT,
    };
    const card = { payment_method_id: "m", brand: "visa", last4: "4242", exp_month: 2, exp_year: 2030, usable: true };
    const pages = [
      () => Response.json({ items: [invoice], next_cursor: ONE }),
      () => Response.json({ items: [{ ...invoice, invoice_id: "i-2" }], next_cursor: null }),
    ];
    const { asked, go } = at("Billing", {
      "GET /api/accounts": [page({ ...listed, roles: ["owner"] })],
      [`GET /api/billing/payment-methods/${BEA}`]: [page(card, { ...card, last4: null, exp_month: null })],
      [`GET /api/billing/subscription/${ONE}`]: [() => Response.json(subscription)],
      "GET /api/billing/plans": [() => Response.json({ items: [{ plan_id: "p", name: "Team", prices: [] }] })],
      [`GET /api/billing/invoices/${ONE}`]: pages,
      [`GET /api/billing/kyc/status/${ONE}`]: [
        REFUSED,
        () =>
          Response.json({
            verification_id: "v",
            account_id: ONE,
            human_name_id: BEA,
            verification_status: "requires_input",
            verified_at: null,
          }),
      ],
    });
    await go();
    await heading("Billing");
    await says("visa … 4242");
    await says("Not finished at Stripe");
    await press("Birch Ltd");
    for (const words of ["Team", "past due", "Yes, though unpaid, until", "i-1"]) {
      await says(words);
    }
    await fit();
    await press("Next page");
    await says("i-2");
    await says("Page 2, the last one");
    await press("Page before");
    await says("i-1");
    await press("Try again");
    await says("requires input");
    await fit();
    reasoned(asked);
    expect(calls(asked).length).toBeGreaterThan(7);
  });
});
