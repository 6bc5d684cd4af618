import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { ANN, problem } from "../../shared/test/played";
import { pause } from "../src/views/tests/admission";
import { courses } from "../src/views/tests/courses";
import { duration, percent, reaches } from "../src/views/tests/figures";
import { ACCOUNT, control, module, progress, SESSION, session, told } from "./fte-played";
import { fit, heading, says, show, text } from "./shown";

const MODULES = "GET /api/fte/modules";
const PROGRESS = `GET /api/fte/progress/${ANN}`;
const ACCOUNTS = "GET /api/accounts";
const START = "POST /api/fte/sessions";
const GET = `GET /api/fte/sessions/${SESSION}`;
const page = (items: unknown[]) => told({ items, next_cursor: null });
const account = (account_id: string, display_name: string | null = null) => ({
  account_id,
  kind: display_name ? "business" : "personal",
  display_name,
  company_id: null,
  roles: ["owner"],
  created_at: "2026-01-01T00:00:00Z",
});

const COURSE = [
  module({ code: "final", title: "The whole", test_type: "final_assessment" }),
  module({ code: "risk", title: "Risk" }),
  module({ code: "market", title: "Market", test_type: "interactive_scenario" }),
  module({ code: "old", title: "Old", retired: true }),
];
const ANSWERS = {
  [MODULES]: [page(COURSE)],
  [PROGRESS]: [told({ human_name_id: ANN, courses: [progress({ modules_completed: ["risk"] })] })],
  [ACCOUNTS]: [page([account(ACCOUNT)])],
  [GET]: [() => told(session())],
  "GET /api/fte/modules/risk": [told(module())],
};

const start = async (what: string, answers: Parameters<typeof show>[1]) => {
  const asked = show("/tests", { ...ANSWERS, ...answers });
  await says("Market");
  await eventually(() => control(what));
  control(what).click();
  return asked;
};

describe("the list of tests", () => {
  it("shows courses, what is passed, and what the certificate still takes", async () => {
    show("/tests", ANSWERS);
    await heading("Tests");
    await says("1 of 3 tests passed");
    expect(text()).toContain("For the certificate you still need: Market, The whole.");
    expect(text()).not.toContain("Old");
    expect(text()).toContain("30 minutes · 70% of the points pass");
    await eventually(() => control("Take it again: Risk"));
    await fit();
  });

  it("says so where there is nothing, and where nothing can be had", async () => {
    show("/tests", { ...ANSWERS, [MODULES]: [() => problem(403, "not-permitted"), () => page([])] });
    await eventually(() => control("Try again"));
    await fit();
    control("Try again").click();
    await says("There are no tests yet.");
    await fit();
  });

  it("asks for which account, where there are several", async () => {
    const other = ACCOUNT.replace("a1", "a2");
    const asked = show("/tests", {
      ...ANSWERS,
      [ACCOUNTS]: [page([account(ACCOUNT), account(other, "Ann's Ltd")])],
      [START]: [() => told(session(), 201)],
    });
    await says("Ann's Ltd");
    await fit();
    const select = document.querySelector<HTMLSelectElement>("#account");
    if (select) {
      select.value = other;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }
    control("Begin or go on: Market").click();
    await heading("Test");
    expect(asked.find(({ name }) => name === START)?.body).toEqual({
      human_name_id: ANN,
      account_id: other,
      module: "market",
    });
  });

  it("says where to open an account, where there is none", async () => {
    show("/tests", { ...ANSWERS, [ACCOUNTS]: [page([])] });
    await says("you are in none yet");
    expect(text()).not.toContain("Begin or go on");
    await fit();
  });

  it("loads more than one page", async () => {
    show("/tests", {
      ...ANSWERS,
      [MODULES]: [told({ items: COURSE.slice(0, 2), next_cursor: ACCOUNT }), page(COURSE.slice(2))],
    });
    await says("Market");
  });
});

describe("beginning a test", () => {
  it("leads to it", async () => {
    await start("Begin or go on: Market", { [START]: [() => told(session(), 201)] });
    await heading("Test");
    expect(location.pathname).toBe(`/tests/sessions/${SESSION}`);
  });

  it("leads to the one that runs, where there is one", async () => {
    await start("Begin or go on: Market", {
      [START]: [() => problem(409, "already-exists", { detail: `the session ${SESSION} runs` })],
    });
    await heading("Test");
    expect(location.pathname).toBe(`/tests/sessions/${SESSION}`);
  });

  it.each([
    [
      "not-permitted",
      "test.take: not_verified, the person has not proved both",
      "prove your e-mail address",
      "Prove them",
    ],
    ["not-verified", "", "prove your e-mail address", "Prove them"],
    ["not-permitted", "test.take: role_too_low, none of the", "Your role in this account", "Your accounts"],
    ["not-permitted", "test.take: no_role, the person", "You have no role", "Your accounts"],
    [
      "not-entitled",
      "no_subscription: the account has nothing that gives it",
      "no plan that includes tests",
      "See the plans",
    ],
    ["not-entitled", "not_paid: the account's subscription is past_due", "payment hasn't arrived", "To the payments"],
  ])("says what stands in the way, and what mends it: %s, %s", async (kind, detail, words, way) => {
    await start("Begin or go on: Market", { [START]: [() => problem(403, kind, { detail })] });
    await says(words);
    expect(control(way).getAttribute("href")).toMatch(/^\/[a-z]+$/);
    await fit();
  });

  it("says when the next attempt may begin, and what else goes wrong", async () => {
    const paused = () => {
      const answer = problem(429, "too-many-requests");
      answer.headers.set("retry-after", "301");
      return answer;
    };
    await start("Begin or go on: Market", { [START]: [paused, () => problem(503, "dependency-unavailable")] });
    await says("You can try again in 6 minutes.");
    control("Begin or go on: Market").click();
    await says("We can't do this right now.");
    await fit();
  });
});

describe("courses", () => {
  it("put the final assessment last, and need nothing that is retired", () => {
    const [course] = courses(COURSE, [progress({ modules_completed: ["old", "risk"] })]);
    expect(course?.steps.map((step) => [step.module.code, step.passed])).toEqual([
      ["risk", true],
      ["market", false],
      ["old", true],
      ["final", false],
    ]);
    expect(course?.open.map((each) => each.code)).toEqual(["market", "final"]);
    expect(courses([module({ retired: true })], [])).toEqual([]);
  });
});

it("writes figures exactly", () => {
  expect([7_000, 6_667, 6_650, 5, 0, 10_000].map(percent)).toEqual(["70%", "66.67%", "66.5%", "0.05%", "0%", "100%"]);
  expect([reaches(2, 3, 6_667), reaches(2, 3, 6_666), reaches(0, 0, 0)]).toEqual([false, true, false]);
  expect([45, 1_800, 5_400, 3_661].map(duration)).toEqual([
    "45 seconds",
    "30 minutes",
    "1 hour 30 minutes",
    "1 hour 1 minute 1 second",
  ]);
  expect([undefined, 1, 59, 61, 7_200].map(pause)).toEqual([
    "in a while",
    "in 1 second",
    "in 59 seconds",
    "in 2 minutes",
    "in 2 hours",
  ]);
});
