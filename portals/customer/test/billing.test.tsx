import { describe, expect, it } from "vitest";
import { ANN, problem } from "../../shared/test/played";
import { AT, ONE, page } from "./account";
import { answer, around, END, NOT_FOUND, SMALL, SUBSCRIPTION } from "./billing";
import { controls, fit, heading, of, press, says, show, text } from "./shown";

const STATES = [
  ["incomplete", "Waits for its first payment"],
  ["incomplete_expired", "Never began"],
  ["trialing", "On trial"],
  ["active", "It is paid for."],
  ["past_due", "A payment is late"],
  ["unpaid", "Not paid"],
  ["canceled", "Nothing is charged any more"],
  ["paused", "The trial has ended"],
  [null, "Our payment provider has not answered yet"],
] as const;

describe("a plan", () => {
  it("belongs to an account, which is chosen", async () => {
    const row = { account_id: ONE, kind: "business", display_name: "Ash & Co", roles: ["owner"], created_at: AT };
    show("/billing", { "GET /api/accounts": [() => problem(403, "not-permitted"), page(row)] });
    await press("Try again");
    await says("Ash & Co");
    expect(document.querySelector(`a[href="/billing/${ONE}"]`)).not.toBeNull();
    await fit();
  });

  it("needs an account", async () => {
    show("/billing", { "GET /api/accounts": [page()] });
    await says("you are in none yet");
    await fit();
  });

  for (const [status, words] of STATES) {
    it(`that is ${status ?? "asked for"} says so`, async () => {
      show(`/billing/${ONE}`, { ...around(), [`GET ${SUBSCRIPTION}`]: [answer({ status })] });
      await says(words);
      await says("Small");
      const isOver = status === "canceled" || status === "incomplete_expired";
      await says(isOver ? "Choose a plan" : "Another plan or price");
      expect(controls("End at once").length).toBe(isOver || status === null ? 0 : 1);
      await fit();
    });
  }

  it("whose payment is late says until when it can be used", async () => {
    const entitlement = { access: "grace", until: END };
    show(`/billing/${ONE}`, { ...around(), [`GET ${SUBSCRIPTION}`]: [answer({ status: "past_due", entitlement })] });
    await says("Everything can be used until");
    expect(text()).toContain("What is open has to be paid first");
    expect(controls("See what it comes to").length).toBe(0);
  });

  it("of somebody else's money is theirs to change", async () => {
    show(`/billing/${ONE}`, { ...around({ plan_id: SMALL }), [`GET ${SUBSCRIPTION}`]: [NOT_FOUND] });
    await says("somebody else pays for");
    expect(text()).not.toContain("Choose a plan");
    await fit();
  });

  it("is begun by whoever may, and by nobody else", async () => {
    show(`/billing/${ONE}`, { ...around({ mayManage: false }), [`GET ${SUBSCRIPTION}`]: [NOT_FOUND] });
    await says("only owners choose plans");
    await says("€12.50 a month");
    expect(controls("Choose:").length + controls("Choose").filter((each) => each.tagName === "BUTTON").length).toBe(0);
    await fit();
  });
});

describe("subscribing", () => {
  it("is sent under one key while the choice is the same, and shows what was made", async () => {
    const asked = show(`/billing/${ONE}`, {
      ...around({ isProved: false }),
      [`GET ${SUBSCRIPTION}`]: [NOT_FOUND],
      "POST /api/billing/subscriptions": [
        () => problem(503, "outcome-unknown"),
        answer({ status: "trialing" }, 1, 201),
      ],
    });
    await says("A trial needs your e-mail address");
    await press("Choose");
    await says("It goes on until you end it");
    await fit();
    await press("Subscribe");
    await says("We aren't sure whether this was done");
    await press("Subscribe");
    await says("On trial");
    const posts = of(asked, "POST /api/billing/subscriptions");
    expect(posts[0]?.body).toEqual({ account_id: ONE, human_name_id: ANN, price_id: SMALL });
    expect(new Set(posts.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
    await fit();
  });

  for (const [status, kind, more, words] of [
    [409, "already-exists", {}, "which somebody else pays for"],
    [403, "not-verified", {}, "Prove your e-mail address"],
    [422, "invalid-value", { errors: [{ pointer: "/price_id", detail: "nothing" }] }, "isn't offered any more"],
    [402, "payment-refused", {}, "The payment was refused"],
  ] as const) {
    it(`that is refused as ${kind} says what to do`, async () => {
      show(`/billing/${ONE}`, {
        ...around(),
        [`GET ${SUBSCRIPTION}`]: [NOT_FOUND],
        "POST /api/billing/subscriptions": [() => problem(status, kind, more)],
      });
      await press("Choose");
      await press("Subscribe");
      await says(words);
      await fit();
    });
  }
});

describe("proving who pays", () => {
  it("is begun, and goes on at Stripe", async () => {
    const found = {
      verification_id: SMALL,
      account_id: ONE,
      human_name_id: ANN,
      verification_status: "requires_input",
      verified_at: null,
    };
    const kyc = `GET /api/billing/kyc/status/${ONE}`;
    const asked = show(`/billing/${ONE}`, {
      ...around(),
      [`GET ${SUBSCRIPTION}`]: [answer()],
      [kyc]: [NOT_FOUND, () => Response.json({ ...found, verification_status: "verified", verified_at: AT })],
      "POST /api/billing/kyc/verify": [
        () => problem(503, "dependency-unavailable"),
        () => Response.json({ ...found, url: "https://verify.stripe.com/start/vs_1" }, { status: 201 }),
      ],
    });
    await says("Nobody has asked for it yet.");
    await press("Prove who pays");
    await says("We can't do this right now");
    await press("Prove who pays");
    await says("Show a document at Stripe");
    expect(of(asked, "POST /api/billing/kyc/verify")[1]?.body).toEqual({ account_id: ONE, human_name_id: ANN });
    await fit();
    await press("Look how it stands");
    await says("Proved.");
    await heading("Plan");
    await fit();
  });
});
