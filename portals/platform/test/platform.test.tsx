import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { problem } from "../../shared/test/played";
import { AT, BEA, calls, GONE, ONE, page, reasoned, say } from "./around";
import { field, fill, fit, of, press, says, show, submit } from "./shown";

const REFUSED = () => problem(403, "not-permitted");

describe("what is offered", () => {
  it("plans, with their prices", async () => {
    const prices = [{ price_id: "p", amount: 4900, currency: "usd", interval: "month" }];
    const plan = { plan_id: "t", code: "team", name: "Team", seats: null, trial_days: 14, prices };
    show("/offer", {
      "GET /api/billing/plans": [REFUSED, () => Response.json({ items: [plan] }), () => Response.json({ items: [] })],
    });
    await press("Try again");
    await says("$49 a month");
    await says("14 days");
    await fit();
  });

  it("modules, with how their questions do", async () => {
    const module = {
      module_id: "m",
      code: "swing-1",
      course: "Swing",
      title: "Trends",
      test_type: "final_assessment",
      time_limit_s: 1800,
      pass_bp: 8000,
      retry_pause_s: 0,
      certificate_days: 365,
      retired: true,
    };
    const question = { question_id: "q", version: 2, asked: 10, answered: 9, correct: 5 };
    const asked = show("/offer/modules", {
      "GET /api/fte/modules": [REFUSED, page(module)],
      "GET /api/fte/modules/swing-1/statistics": [
        REFUSED,
        page(
          { ...question, correct_bp: 5000, discrimination_pm: 250 },
          { ...question, correct_bp: null, discrimination_pm: null },
        ),
      ],
    });
    await press("Try again");
    await press("Swing: Trends (retired)");
    await says("30 minutes");
    await says("365 days");
    await press("Try again");
    await says("0.25");
    await says("Not known");
    await fit();
    expect(of(asked, "GET /api/fte/modules/swing-1/statistics").length).toBe(2);
  });
});

describe("the audit trail", () => {
  const row = (reason: string | null, about: string[]) => ({
    id: ONE,
    staff_id: BEA,
    request: "r",
    route: "/api/identity/user/{human_name_id}",
    about,
    reason,
    detail: { limit: 50 },
    at: AT,
  });

  it("is read for a reason, by service and by person", async () => {
    const asked = show("/audit", {
      "GET /api/identity/audit": [REFUSED, page(row("ticket 1", [BEA])), page()],
      "GET /api/marketing/audit": [page(row(null, []))],
    });
    await says("Why do you look?");
    await fit();
    expect(calls(asked)).toEqual([]);
    await say();
    await press("Try again");
    await says("ticket 1");
    await says('{"limit":50}');
    await fit();
    await fill("subject", "bea");
    submit("subject");
    await says("This is no identifier");
    await fill("subject", BEA);
    submit("subject");
    await says("Nobody has looked at anything yet.");
    await fill("service", "marketing");
    submit("service");
    await says("this service can't look for it");
    await fill("subject", "");
    submit("subject");
    await says("Nobody by name");
    await fit();
    reasoned(asked);
  });
});

describe("dead letters", () => {
  const letter = {
    id: ONE,
    queue: "inbox",
    event: "identity.person_verified",
    subject_id: BEA,
    sequence: 3,
    attempts: 12,
    error: "the table is gone",
    created_at: AT,
    dead_at: AT,
  };

  it("are listed by service and go on when somebody says so", async () => {
    const asked = show("/dead-letters", {
      "GET /api/identity/dead-letters": [page()],
      "GET /api/billing/dead-letters": [
        REFUSED,
        page(letter, { ...letter, id: BEA, queue: "outbox", error: null }),
        page(),
      ],
      [`POST /api/billing/dead-letters/${ONE}/replay`]: [() => problem(404, "not-found"), GONE],
    });
    await says("Why do you look?");
    expect(calls(asked)).toEqual([]);
    await say();
    await says("This service has given up no event.");
    await eventually(() => expect(document.querySelectorAll("option").length).toBe(5));
    field("service").value = "billing";
    field("service").dispatchEvent(new Event("input", { bubbles: true }));
    await press("Try again");
    await says("the table is gone");
    await says("Not published");
    await fit();
    await press(`Let it go on: ${ONE}`);
    await fit();
    await press("Let it go on", -1);
    await says("This doesn't exist, or not any more.");
    await press("Let it go on", -1);
    await says("It goes on within seconds");
    await says("This service has given up no event.");
    reasoned(asked);
  });
});

describe("Stripe's events", () => {
  const event = (id: string, state: string, object_kind: string | null) => ({
    id,
    type: "invoice.paid",
    object_kind,
    object_id: object_kind && "in_1",
    state,
    attempts: 4,
    error: state === "dead" ? "no such customer" : null,
    received_at: AT,
    done_at: null,
    dead_at: state === "dead" ? AT : null,
  });

  it("are listed by state and worked on again when somebody says so", async () => {
    const asked = show("/stripe", {
      "GET /api/billing/webhooks/stripe/events": [
        REFUSED,
        page(event("evt_1", "dead", "invoice"), event("evt_2", "done", null)),
        page(),
      ],
      "POST /api/billing/webhooks/stripe/events/evt_1/replay": [() => problem(409, "ended"), GONE],
    });
    await says("Why do you look?");
    expect(calls(asked)).toEqual([]);
    await say();
    await press("Try again");
    await says("no such customer");
    await says("Not needed here");
    await fit();
    await press("Again: evt_1");
    await press("Work on it again");
    await says("This has ended");
    await press("Work on it again");
    await says("It is worked on within seconds.");
    await says("There are none.");
    field("state").value = "dead";
    field("state").dispatchEvent(new Event("input", { bubbles: true }));
    await eventually(() => expect(of(asked, "GET /api/billing/webhooks/stripe/events").length).toBe(4));
    await fit();
    reasoned(asked);
  });
});
