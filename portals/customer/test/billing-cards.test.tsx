import { describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { ANN, problem } from "../../shared/test/played";
import { ONE, page } from "./account";
import { answer, around, NOT_FOUND, SUBSCRIPTION } from "./billing";
import { field, fit, heading, of, press, says, show, text } from "./shown";

const VISA = "0191f7a1-0000-7000-8000-0000000000e1";
const LIST = `/api/billing/payment-methods/${ANN}`;
const visa = (more: Record<string, unknown> = {}) => ({
  payment_method_id: VISA,
  human_name_id: ANN,
  brand: "visa",
  last4: "4242",
  exp_month: 12,
  exp_year: 2034,
  usable: true,
  ...more,
});
const settings = (stripe: unknown) => () => Response.json({ stripe });
const STAND_IN = settings({ kind: "stand-in", at: "/stand-in/stripe" });
const CONFIRM = "POST /stand-in/stripe/v1/setup_intents/seti_1/confirm";
const BEGUN = () =>
  Response.json({
    payment_method_id: VISA,
    human_name_id: ANN,
    client_secret: "seti_1_secret_2",
    publishable_key: null,
  });
const declined = () =>
  Response.json({ error: { type: "card_error", message: "Your card was declined." } }, { status: 402 });
/** Forms are text that isn't JSON, which the played side would read. */
const forms = () => {
  const sent: string[] = [];
  const stringify = URLSearchParams.prototype.toString;
  vi.spyOn(URLSearchParams.prototype, "toString").mockImplementation(function (this: URLSearchParams) {
    const form = stringify.call(this);
    sent.push(form);
    return JSON.stringify(Object.fromEntries(this));
  });
  return sent;
};

describe("payment methods", () => {
  it("are listed, the unfinished ones not, and an expired one says so", async () => {
    const old = visa({ payment_method_id: ONE, last4: "0341", exp_year: 2020 });
    const begun = visa({ payment_method_id: ANN, brand: null, last4: null, usable: false });
    show("/billing/payment-methods", {
      [`GET ${LIST}`]: [() => problem(403, "not-permitted"), page(visa(), old, begun)],
    });
    await press("Try again");
    await says("Visa ending in 4242");
    expect(text()).toContain("Good until 12/2034");
    expect(text()).toContain("Has expired: 12/2020");
    expect(document.querySelectorAll(".record")).toHaveLength(2);
    await fit();
  });

  it("are removed after a question, unless something is paid with it alone", async () => {
    const asked = show("/billing/payment-methods", {
      [`GET ${LIST}`]: [page(visa()), page()],
      [`DELETE ${LIST}/${VISA}`]: [() => problem(409, "in-use"), () => new Response(null, { status: 204 })],
    });
    await press("Remove");
    await says("Remove this payment method?");
    await fit();
    await press("Remove it");
    await says("This is still needed by something that goes on.");
    await press("Remove it");
    await says("The payment method is removed.");
    await says("You have no payment method yet.");
    expect(of(asked, `DELETE ${LIST}/${VISA}`)).toHaveLength(2);
    await fit();
  });

  it("are added under one key until a card is taken", async () => {
    forms();
    const asked = show("/billing/payment-methods", {
      [`GET ${LIST}`]: [page(), page(visa())],
      "GET /settings.json": [STAND_IN],
      "POST /api/billing/payment-methods": [() => problem(503, "outcome-unknown"), BEGUN],
      [CONFIRM]: [declined, () => Response.json({ id: "seti_1", status: "succeeded" })],
    });
    await press("Add a card");
    await eventually(() => field("card"));
    await fit();
    await press("Add it");
    await says("We aren't sure whether this was done");
    field("card").value = "pm_card_chargeDeclined";
    await press("Add it");
    await says("Your card was declined.");
    await fit();
    field("card").value = "pm_card_visa";
    await press("Add it");
    await says("Your card is added.");
    await says("Visa ending in 4242");
    const posts = of(asked, "POST /api/billing/payment-methods");
    expect(posts[0]?.body).toEqual({ human_name_id: ANN });
    expect(new Set(posts.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
    expect(of(asked, CONFIRM)[1]?.body).toEqual({ client_secret: "seti_1_secret_2", payment_method: "pm_card_visa" });
    expect(of(asked, CONFIRM)[1]?.token).toBeNull();
    await fit();
  });

  it("are for those who have proved who they are reached by", async () => {
    show("/billing/payment-methods", {
      [`GET ${LIST}`]: [page()],
      "GET /settings.json": [STAND_IN],
      "POST /api/billing/payment-methods": [() => problem(403, "not-verified")],
    });
    await press("Add a card");
    await press("Add it");
    await says("prove them now");
    await fit();
    await press("Not now");
    await eventually(() => expect(document.activeElement?.textContent).toBe("Add a card"));
    expect(document.querySelector("[name=card]")).toBeNull();
  });

  it("can't be added where nobody takes cards, and that is said", async () => {
    show("/billing/payment-methods", { [`GET ${LIST}`]: [page()], "GET /settings.json": [settings(null)] });
    await press("Add a card");
    await says("Cards can't be taken here right now.");
    await fit();
  });
});

describe("the first payment", () => {
  it("is confirmed with a card, and the plan begins", async () => {
    forms();
    const confirm = "POST /stand-in/stripe/v1/payment_intents/pi_1/confirm";
    const asked = show(`/billing/${ONE}`, {
      ...around(),
      [`GET ${SUBSCRIPTION}`]: [NOT_FOUND, answer()],
      "GET /settings.json": [STAND_IN],
      "POST /api/billing/subscriptions": [answer({ status: "incomplete", client_secret: "pi_1_secret_2" }, 1, 201)],
      [confirm]: [() => Response.json({ id: "pi_1", status: "succeeded" })],
    });
    await press("Choose");
    await press("Subscribe");
    await says("The first payment");
    await fit();
    await press("Pay and begin");
    await says("It is paid for.");
    expect(of(asked, confirm)[0]?.body).toEqual({ client_secret: "pi_1_secret_2", payment_method: "pm_card_visa" });
    await heading("Plan");
  });

  it("that was left with its page says how to go on", async () => {
    show(`/billing/${ONE}`, { ...around(), [`GET ${SUBSCRIPTION}`]: [answer({ status: "incomplete" })] });
    await says("can't be confirmed on this page any more");
    await fit();
  });
});
