import { describe, expect, it } from "vitest";
import { problem } from "../../shared/test/played";
import { ONE, page } from "./account";
import { around, NOT_FOUND } from "./billing";
import { fit, press, says, show, text } from "./shown";

const INVOICES = `GET /api/billing/invoices/${ONE}`;
const invoice = (invoice_id: string, more: Record<string, unknown> = {}) => ({
  invoice_id,
  subscription_id: ONE,
  status: "paid",
  amount_due: 1250,
  amount_paid: 1250,
  currency: "eur",
  payment_status: "succeeded",
  created_at: "2026-11-01T00:00:00Z",
  ...more,
});

describe("invoices", () => {
  it("are listed, the newest first, with what became of them", async () => {
    const open = { status: "open", amount_due: 4000, amount_paid: 1000, payment_status: "requires_payment_method" };
    show(`/billing/${ONE}/invoices`, {
      ...around(),
      [INVOICES]: [() => problem(403, "not-permitted"), page(invoice("1"), invoice("2", open))],
    });
    await press("Try again");
    await says("€12.50 Paid");
    expect(text()).toContain("€40 To be paid");
    expect(text()).toContain("€10 is paid of it");
    expect(text()).toContain("No payment has worked yet.");
    expect(text().indexOf("€40")).toBeLessThan(text().indexOf("€12.50"));
    await fit();
  });

  for (const [name, answer] of [
    ["none at all", page()],
    ["none before there was a subscription", NOT_FOUND],
  ] as const) {
    it(`may be ${name}`, async () => {
      show(`/billing/${ONE}/invoices`, { ...around(), [INVOICES]: [answer] });
      await says("There is no invoice of this account that you pay for.");
      await fit();
    });
  }
});
