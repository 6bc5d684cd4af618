import { createRoot } from "solid-js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { ANN, problem } from "../../shared/test/played";
import { clock, createCountdown } from "../src/views/verify/countdown";
import { controls, field, fill, fit, of, press, says, show, submit, text } from "./shown";

const STATUS = `GET /api/identity/verification-status/${ANN}`;
const HUMAN = `GET /api/identity/user/${ANN}`;
const EMAIL = "POST /api/identity/verify/email";
const PHONE = "POST /api/identity/verify/phone";
const status = (email: boolean, phone: boolean) => () =>
  Response.json({
    human_name_id: ANN,
    email_verified: email,
    email_verified_at: null,
    phone_verified: phone,
    phone_verified_at: null,
    both_verified: email && phone,
  });
const sent =
  (gap = 60, life = 600) =>
  () =>
    Response.json({ expires_in_seconds: life, resend_after_seconds: gap }, { status: 202 });
const proved = (both: boolean) => () => Response.json({ verified: true, both_verified: both });
const limited = (after?: string) => () => {
  const answer = problem(429, "too-many-requests");
  return new Response(answer.body, { status: 429, headers: after ? { "retry-after": after } : {} });
};
/** Clocks of the page's own; what waits for answers goes on. */
const fake = () => vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });

describe("a countdown", () => {
  afterEach(() => vi.useRealTimers());

  it("counts by a clock that nobody sets", () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance", "Date"] });
    createRoot((end) => {
      const count = createCountdown();
      count.start(60);
      vi.setSystemTime(new Date("2001-01-01T00:00:00Z"));
      vi.advanceTimersByTime(30_000);
      expect(count.left()).toBe(30);
      count.start(5);
      expect(count.left()).toBe(5);
      vi.advanceTimersByTime(6_000);
      expect(count.left()).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
      count.start(5);
      end();
      expect(vi.getTimerCount()).toBe(0);
    });
    expect(clock(75)).toBe("1:15");
  });
});

describe("proving", () => {
  it("leads from the address to the telephone, and says what that is good for", async () => {
    const asked = show("/verify", {
      [STATUS]: [status(false, false), status(true, false), status(true, true)],
      [HUMAN]: [Response.json({ human_name_id: ANN, version: 7 })],
      [EMAIL]: [sent(), proved(false)],
      [`PUT /api/identity/user/${ANN}/mobile`]: [Response.json({ human_name_id: ANN, version: 8 })],
      [PHONE]: [sent(), proved(true)],
    });
    await says("Step 1 of 2");
    await fit();
    await press("Send me a code");
    await eventually(() => expect(document.activeElement).toBe(field("code")));
    expect(field("code").autocomplete).toBe("one-time-code");
    expect(field("code").inputMode).toBe("numeric");
    await fit();
    await fill("code", " 123-456 ");
    submit("code");
    await says("Step 2 of 2");
    expect(of(asked, EMAIL).map(({ body }) => body)).toEqual([
      { email: "ann@example.com" },
      { email: "ann@example.com", code: "123456" },
    ]);
    expect(document.activeElement?.textContent).toContain("Step 2 of 2");
    await fit();
    await fill("phone_number", "+44 7700 900123");
    submit("phone_number");
    await says("text message with a code is on its way");
    const put = of(asked, `PUT /api/identity/user/${ANN}/mobile`)[0];
    expect(put?.headers.get("if-match")).toBe('"7"');
    expect(put?.headers.get("idempotency-key")).toMatch(/^[0-9a-f-]{36}$/);
    await fill("code", "654321");
    submit("code");
    await says("Both are proved");
    expect(text()).toContain("You can try plans");
    await fit();
  });

  it("counts from the server's time until another code may be asked for", async () => {
    fake();
    const asked = show("/verify", { [STATUS]: [status(false, false)], [EMAIL]: [sent(60), sent(90), limited("120")] });
    await press("Send me a code");
    await says("Another code in");
    expect(controls("Send another code")).toEqual([]);
    vi.advanceTimersByTime(61_000);
    await says("You can ask for another code now.");
    await press("Send another code");
    await says("Only the newest counts.");
    await says("Another code in 1:");
    vi.advanceTimersByTime(91_000);
    await press("Send another code");
    await says("No other code was sent");
    await says("Another code in 1:5");
    expect(of(asked, EMAIL)).toHaveLength(3);
    await fit();
  });

  it("takes a code that came before when there is no other one", async () => {
    show("/verify", { [STATUS]: [status(false, false)], [EMAIL]: [limited(), proved(false)] });
    await press("Send me a code");
    await says("No other code was sent");
    await says("Another code in 1:00");
    expect(text()).not.toContain("The code has ended");
    await fill("code", "123456");
    submit("code");
    await says("Step 2 of 2");
  });

  it("says that a code is wrong, has ended, or is none", async () => {
    fake();
    show("/verify", { [STATUS]: [status(false, false)], [EMAIL]: [sent(60, 600), () => problem(422, "code-refused")] });
    await press("Send me a code");
    await fill("code", "12345");
    submit("code");
    await says("A code has six digits.");
    await fit();
    await fill("code", "123456");
    submit("code");
    await says("tried too often");
    expect(field("code").getAttribute("aria-invalid")).toBe("true");
    vi.advanceTimersByTime(601_000);
    await says("The code has ended.");
    await fit();
  });

  it("changes the address from within, in the same words for one that somebody has", async () => {
    const asked = show("/verify", {
      [STATUS]: [status(false, false)],
      [HUMAN]: [Response.json({ human_name_id: ANN, version: 1 })],
      [`PUT /api/identity/user/${ANN}/email`]: [
        () => problem(409, "already-exists"),
        () => problem(503, "database-unavailable"),
        Response.json({ human_name_id: ANN, version: 2 }),
      ],
      [EMAIL]: [sent()],
    });
    await press("Use another one");
    await eventually(() => expect(document.activeElement).toBe(field("email")));
    await fill("email", "bea@example.com");
    submit("email");
    await says("This can't be used here.");
    submit("email");
    await says("We can't do this right now");
    await fit();
    submit("email");
    await says("If bea@example.com is yours");
    const keys = of(asked, `PUT /api/identity/user/${ANN}/email`).map(({ headers }) => headers.get("idempotency-key"));
    expect(new Set(keys).size, "the same while the input is").toBe(1);
    expect(of(asked, EMAIL)[0]?.body).toEqual({ email: "bea@example.com" });
  });

  it("has faces for whoever is nobody here, is proved already, or can't be asked about", async () => {
    show("/verify", { [STATUS]: [() => problem(403, "not-permitted"), () => problem(404, "not-found")] });
    await press("Try again");
    await says("We don't know you as a customer yet");
    await fit();
  });

  it("says so when there is nothing to prove", async () => {
    show("/verify", { [STATUS]: [status(true, true)] });
    await says("Both are proved");
  });
});
