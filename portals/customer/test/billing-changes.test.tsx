import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { problem } from "../../shared/test/played";
import { ONE } from "./account";
import { answer, around, END, LARGE, SUBSCRIPTION } from "./billing";
import { controls, fit, of, press, says, show, text } from "./shown";

const seen =
  (due_now: number, more: Record<string, unknown> = {}) =>
  () =>
    Response.json({
      account_id: ONE,
      plan_id: "0191f7a1-0000-7000-8000-0000000000c2",
      price_id: LARGE,
      currency: "eur",
      due_now,
      credit: 0,
      lines: [
        { amount: -600, prorated: true, from: "2026-11-15T00:00:00Z", until: END },
        { amount: 2000, prorated: true, from: "2026-11-15T00:00:00Z", until: END },
      ],
      next_invoice: { amount: 4000, at: END },
      ...more,
    });
const PREVIEW = `POST ${SUBSCRIPTION}/preview`;
const PRICE = `PUT ${SUBSCRIPTION}/price`;

describe("another price", () => {
  it("is seen first, and changed to with exactly what was seen", async () => {
    const asked = show(`/billing/${ONE}`, {
      ...around(),
      [`GET ${SUBSCRIPTION}`]: [answer()],
      [PREVIEW]: [seen(1400)],
      [PRICE]: [answer({ price_id: LARGE }, 4)],
    });
    await press("See what it comes to");
    await says("€14");
    expect(text()).toContain("€40");
    await fit();
    await press("Change it and pay €14 now");
    await says("Your plan is Large now, at €40 a month.");
    expect(of(asked, PREVIEW)[0]?.body).toEqual({ price_id: LARGE });
    const [put] = of(asked, PRICE);
    expect(put?.body).toEqual({ price_id: LARGE, due_at_most: 1400 });
    expect(put?.headers.get("if-match")).toBe('"3"');
  });

  it("that is lower leaves something over", async () => {
    show(`/billing/${ONE}`, {
      ...around(),
      [`GET ${SUBSCRIPTION}`]: [answer()],
      [PREVIEW]: [seen(0, { credit: 500, lines: [], next_invoice: { amount: 0, at: null } })],
    });
    await press("See what it comes to");
    await says("which pays for invoices to come");
    await says("Change it; nothing is due now");
    await press("Keep what I have");
    await eventually(() => expect(text()).not.toContain("Left over"));
  });

  it("that costs more by now than what was seen is looked at again", async () => {
    const dearer = { errors: [{ pointer: "/due_at_most", detail: "1500 is due by now; preview it again" }] };
    const asked = show(`/billing/${ONE}`, {
      ...around(),
      [`GET ${SUBSCRIPTION}`]: [answer()],
      [PREVIEW]: [seen(1400), seen(1500)],
      [PRICE]: [() => problem(422, "invalid-value", dearer), answer({ price_id: LARGE }, 4)],
    });
    await press("See what it comes to");
    await press("Change it and pay €14 now");
    await says("By now it costs more than what you saw");
    expect(controls("Change it").length).toBe(0);
    await fit();
    await press("Look again");
    await press("Change it and pay €15 now");
    await says("Your plan is Large now");
    expect(of(asked, PRICE)[1]?.body).toEqual({ price_id: LARGE, due_at_most: 1500 });
  });

  it("of a subscription that has changed meanwhile is looked at again", async () => {
    const asked = show(`/billing/${ONE}`, {
      ...around(),
      [`GET ${SUBSCRIPTION}`]: [answer(), answer({}, 7)],
      [PREVIEW]: [seen(1400)],
      [PRICE]: [() => problem(412, "changed-meanwhile"), answer({ price_id: LARGE }, 8)],
    });
    await press("See what it comes to");
    await press("Change it and pay");
    await says("The subscription has changed since you looked");
    await press("Look again");
    await press("Change it and pay");
    await eventually(() => expect(of(asked, PRICE)[1]?.headers.get("if-match")).toBe('"7"'));
  });

  it("can't be had with nothing to pay with, and says so", async () => {
    const currency = { errors: [{ pointer: "/price_id", detail: "is in another currency than the subscription" }] };
    show(`/billing/${ONE}`, {
      ...around(),
      [`GET ${SUBSCRIPTION}`]: [answer()],
      [PREVIEW]: [() => problem(422, "invalid-value", currency), seen(1400)],
      [PRICE]: [() => problem(402, "payment-refused")],
    });
    await press("See what it comes to");
    await says("Is in another currency");
    await fit();
    await press("Look again");
    await press("Change it and pay");
    await says("Nothing has changed.");
    expect(document.querySelector('a[href="/billing/payment-methods"]')).not.toBeNull();
    await fit();
  });
});

describe("the end", () => {
  it("comes with the period after a question, and can be taken back", async () => {
    const asked = show(`/billing/${ONE}`, {
      ...around(),
      [`GET ${SUBSCRIPTION}`]: [answer()],
      [`PUT ${SUBSCRIPTION}`]: [answer({ cancel_at_period_end: true }, 4), answer({}, 5)],
    });
    await press("End with the period");
    await says("End it with its period?");
    await fit();
    await press("End with the period", -1);
    await says("It ends with its period, and nothing is charged");
    expect(text()).toContain("Let it go on first");
    await press("Let it go on");
    await says("It goes on.");
    const puts = of(asked, `PUT ${SUBSCRIPTION}`);
    expect(puts.map(({ body }) => body)).toEqual([{ cancel_at_period_end: true }, { cancel_at_period_end: false }]);
    expect(puts.map(({ headers }) => headers.get("if-match"))).toEqual(['"3"', '"4"']);
  });

  it("of what has changed meanwhile is asked about again", async () => {
    const asked = show(`/billing/${ONE}`, {
      ...around(),
      [`GET ${SUBSCRIPTION}`]: [answer(), answer({}, 9)],
      [`PUT ${SUBSCRIPTION}`]: [() => problem(412, "changed-meanwhile"), answer({ cancel_at_period_end: true }, 10)],
    });
    await press("End with the period");
    await press("End with the period", -1);
    await says("Somebody has changed this meanwhile");
    await press("End with the period", -1);
    await says("It ends with its period.");
    expect(of(asked, `PUT ${SUBSCRIPTION}`)[1]?.headers.get("if-match")).toBe('"9"');
  });

  it("comes at once after a question that says what is lost", async () => {
    const asked = show(`/billing/${ONE}`, {
      ...around(),
      [`GET ${SUBSCRIPTION}`]: [answer()],
      [`POST ${SUBSCRIPTION}/cancel`]: [
        () => problem(409, "request-in-progress"),
        answer({ status: "canceled", entitlement: { access: "none" } }, 4),
      ],
    });
    await press("End at once");
    await says("What was paid isn't paid back");
    await press("End at once", -1);
    await says("We are still working on this");
    await press("End at once", -1);
    await says("Nothing is charged any more");
    await says("Choose a plan");
    expect(of(asked, `POST ${SUBSCRIPTION}/cancel`)).toHaveLength(2);
    await fit();
  });
});
