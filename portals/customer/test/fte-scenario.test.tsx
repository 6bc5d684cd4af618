import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { ANN, type Asked, problem } from "../../shared/test/played";
import type { Scenario } from "../src/views/tests/types";
import { ACCOUNT, bar, control, FIGURES, module, SCENARIO, SESSION, scenario, session, told, type } from "./fte-played";
import { fit, heading, says, show, text } from "./shown";

const GET = `GET /api/fte/scenarios/${SCENARIO}`;
const ACT = `POST /api/fte/scenarios/${SCENARIO}/actions`;
const BEGIN = "POST /api/fte/scenarios";
const listed = (sequence: number, expected_seq: number, action: unknown, done: boolean | null = true) =>
  ({ sequence, expected_seq, action, done, created_at: "2026-11-29T10:00:00Z" }) as Scenario["user_actions"][number];
const outcome = (sequence: number, seq: number, more: object = {}) =>
  told({ sequence, seq, rows: [], bars: [], results: FIGURES, ...more });

async function open(answers: Parameters<typeof show>[1], path = `/tests/scenarios/${SCENARIO}`): Promise<Asked[]> {
  const asked = show(path, answers);
  await eventually(() => expect(document.querySelector("h1")).not.toBeNull());
  return asked;
}
const acts = (asked: Asked[]) => asked.filter(({ name }) => name === ACT).map(({ body }) => body);
const drawn = () => document.querySelectorAll("[data-bar]").length;

describe("a market", () => {
  it("shows the bars that are visible and no other, drawn and as a table", async () => {
    const asked = await open({
      [GET]: [told(scenario())],
      [ACT]: [() => outcome(1, 32, { bars: [bar(30)], rows: [{ seq: 31, type: "bar", index: 30, bar: bar(30) }] })],
    });
    await says("Bar 30 of 60");
    expect(drawn()).toBe(30);
    expect(document.querySelector("svg[role=img]")?.getAttribute("aria-label")).toContain("bars 1 to 30");
    await fit();
    control("Next bar").click();
    await says("Bar 31 of 60");
    expect(drawn()).toBe(31);
    expect(text()).not.toContain("131.75");
    const details = document.querySelector("details");
    if (details) {
      details.open = true;
    }
    await says("131.75");
    expect(document.querySelectorAll("tbody tr")).toHaveLength(31);
    await fit();
    expect(acts(asked)).toEqual([{ expected_seq: 31, action: { advance: { bars: 1 } } }]);
  });

  it("takes an order, and withdraws it", async () => {
    const asked = await open({
      [GET]: [told(scenario())],
      [ACT]: [
        () =>
          outcome(1, 32, {
            rows: [
              { seq: 31, type: "placed", order: 0, side: "buy", quantity: "1.5", limit: "99.5", reserved: "149.25" },
            ],
            results: { ...FIGURES, open_orders: 1, free: "9850.75" },
          }),
        () => outcome(2, 33, { rows: [{ seq: 32, type: "cancelled", order: 0 }] }),
      ],
    });
    await says("New order");
    control("Place the order").click();
    await says("Must be more than 0");
    expect((document.activeElement as HTMLInputElement).name).toBe("quantity");
    expect(acts(asked)).toEqual([]);
    await fit();
    document.querySelectorAll<HTMLInputElement>(".ticket input[type=radio]")[3]?.click();
    await eventually(() => type("Limit", "99.5"));
    type("Quantity", "1.5");
    await says("At the limit that is 149.25, before fees.");
    control("Place the order").click();
    await says("Order 1 was placed.");
    expect(text()).toContain("Buy 1.5 at 99.5 or better");
    expect(text()).toContain("9850.75");
    await fit();
    control("Withdraw order 1").click();
    await says("Withdrawn");
    expect(acts(asked)).toEqual([
      { expected_seq: 31, action: { order: { side: "buy", quantity: "1.5", limit: "99.5" } } },
      { expected_seq: 32, action: { cancel: { order: 0 } } },
    ]);
  });

  it("sends an action whose answer was lost again, as it was", async () => {
    const asked = await open({
      [GET]: [told(scenario())],
      [ACT]: [() => problem(503, "dependency-unavailable"), () => outcome(1, 32, { bars: [bar(30)] })],
    });
    await says("Bar 30");
    control("Next bar").click();
    await says("Bar 31");
    expect(acts(asked)).toHaveLength(2);
    expect(acts(asked)[0]).toEqual(acts(asked)[1]);
  });

  it.each([
    ["sequence-gap", 409, "Something was done here meanwhile"],
    ["invalid-value", 422, "The market doesn't take this now"],
    ["ended", 409, "This takes nothing more."],
    ["not-permitted", 403, "You are not allowed to do this."],
  ])("that refuses is read again: %s", async (kind, status, words) => {
    const moved = scenario({ seq: 33, bars: Array.from({ length: 32 }, (_, at) => bar(at)) });
    await open({ [GET]: [told(scenario()), told(moved)], [ACT]: [() => problem(status, kind)] });
    await says("Bar 30");
    control("Next bar").click();
    await says(words);
    await says("Bar 32");
    await fit();
  });

  it("ends with its last bar", async () => {
    await open({
      [GET]: [told(scenario({ total_bars: 31 }))],
      [ACT]: [() => outcome(1, 32, { bars: [bar(30), bar(31)] })],
    });
    await says("1 to come");
    control("Next bar").click();
    await says("Every bar is visible. The exercise is over.");
    // More than there can be is never shown.
    expect(drawn()).toBe(31);
    expect(text()).not.toContain("Next bar");
    await fit();
  });

  it("whose test runs shows its time, and what counts", async () => {
    const user_actions = [
      listed(1, 31, { order: { side: "buy", quantity: "1" } }),
      listed(2, 32, { advance: { bars: 1 } }),
    ];
    await open({
      [GET]: [told(scenario({ session_id: SESSION, user_actions }))],
      [`GET /api/fte/sessions/${SESSION}`]: [() => told(session({ test_type: "interactive_scenario" }))],
    });
    await says("Decisions so far: 1.");
    expect(text()).toContain("Time left");
    expect(control("Back to the questions").getAttribute("href")).toBe(
      `/tests/sessions/${SESSION}?scenario=${SCENARIO}`,
    );
    await fit();
  });

  it("that was never begun, or isn't there, says so", async () => {
    await open({
      [GET]: [() => problem(404, "not-found"), () => told(scenario({ seq: null, total_bars: null, bars: [] }))],
    });
    await says("This doesn't exist");
    await fit();
    control("Try again").click();
    await says("This scenario hasn't begun.");
  });
});

describe("patterns", () => {
  it("are named once for a bar, and judged", async () => {
    const asked = await open({
      [GET]: [told(scenario({ scenario_type: "pattern_recognition" }))],
      [ACT]: [
        () =>
          outcome(1, 32, {
            rows: [{ seq: 31, type: "named", right: ["CDLDOJI"], wrong: ["CDLHAMMER"], missed: ["CDLTAKURI"] }],
            results: { ...FIGURES, score: { right: 1, wrong: 1, missed: 1 } },
          }),
        () => outcome(2, 33, { bars: [bar(30)] }),
      ],
    });
    await says("Find a pattern");
    type("Find a pattern", "hammer");
    await eventually(() => expect(document.querySelectorAll(".patterns .choice:not([hidden])")).toHaveLength(2));
    const box = (name: string) => document.querySelector<HTMLInputElement>(`[id$="-${name}"]`);
    box("CDLDOJI")?.click();
    box("CDLHAMMER")?.click();
    await fit();
    control("Name 2").click();
    await says("Right: Doji.");
    expect(text()).toContain("Not there: Hammer. Missed: Takuri.".replace(". M", ".M"));
    expect(text()).toContain("1 right, 1 wrong, 1 missed");
    expect(text()).not.toContain("New order");
    await fit();
    control("Next bar").click();
    await eventually(() => control("There is none"));
    expect(acts(asked)[0]).toEqual({ expected_seq: 31, action: { name: { patterns: ["CDLDOJI", "CDLHAMMER"] } } });
  });
});

describe("beginning a scenario", () => {
  const answers = {
    "GET /api/accounts": [
      told({
        items: [
          { account_id: ACCOUNT, kind: "personal", display_name: null, company_id: null, roles: [], created_at: "" },
        ],
        next_cursor: null,
      }),
    ],
    [GET]: [told(scenario())],
  };

  it("checks what was typed, and leads to it", async () => {
    const asked = await open({ ...answers, [BEGIN]: [() => told(scenario(), 201)] }, "/tests/practice/market");
    await heading("Practise");
    await eventually(() => type("Bars", "30"));
    await fit();
    control("Begin a scenario").click();
    await says("Must be 31 to 2000.");
    type("Bars", "60");
    type("Cash to begin with", "1e9");
    control("Begin a scenario").click();
    await says("Must be an amount");
    await fit();
    type("Cash to begin with", "1000.50");
    control("Begin a scenario").click();
    await heading("Scenario");
    expect(asked.find(({ name }) => name === BEGIN)?.body).toEqual({
      module: "market",
      human_name_id: ANN,
      account_id: ACCOUNT,
      scenario_type: "backtest",
      bars: 60,
      cash: "1000.50",
    });
  });

  it("says what stands in the way", async () => {
    await open(
      {
        ...answers,
        [BEGIN]: [
          () => problem(403, "not-entitled", { detail: "no_subscription: nothing" }),
          () => problem(429, "too-many-requests"),
        ],
      },
      "/tests/practice/market",
    );
    await eventually(() => type("Bars", "60"));
    control("Begin a scenario").click();
    await says("no plan that includes tests");
    await fit();
    control("Begin a scenario").click();
    await says("This was tried too often.");
  });

  it("belongs to the test that needs one, and is found again from there", async () => {
    const asked = await open(
      {
        ...answers,
        [BEGIN]: [() => told(scenario({ session_id: SESSION }), 201)],
        [`GET /api/fte/sessions/${SESSION}`]: [() => told(session({ test_type: "interactive_scenario" }))],
        "GET /api/fte/modules/risk": [told(module({ test_type: "interactive_scenario" }))],
      },
      `/tests/sessions/${SESSION}?scenario=${SCENARIO}`,
    );
    await says("Go on with your scenario");
    await fit();
    type("Bars", "60");
    control("Begin a scenario").click();
    await heading("Scenario");
    expect(asked.find(({ name }) => name === BEGIN)?.body).toMatchObject({ session_id: SESSION });
  });
});
