import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { type Asked, problem } from "../../shared/test/played";
import { CERTIFICATE, control, field, id, module, question, SESSION, session, told, type } from "./fte-played";
import { fit, heading, says, show, text } from "./shown";

const GET = `GET /api/fte/sessions/${SESSION}`;
const SAVE = `POST /api/fte/sessions/${SESSION}/answers`;
const COMPLETE = `POST /api/fte/sessions/${SESSION}/complete`;
const MODULE = "GET /api/fte/modules/risk";
const saved = (at: number, revision = 1) =>
  told({ question_id: id(at), revision, answered_at: new Date().toISOString() });
const PASSED = {
  status: "completed",
  points_earned: 10,
  passed: true,
  completed_at: "2026-11-29T10:20:00Z",
} as const;

type Answers = Parameters<typeof show>[1];
async function open(answers: Answers = {}): Promise<Asked[]> {
  const asked = show(`/tests/sessions/${SESSION}`, {
    [GET]: [() => told(session())],
    [MODULE]: [() => told(module())],
    ...answers,
  });
  await heading("Test");
  return asked;
}
const count = (asked: Asked[], name: string) => asked.filter((each) => each.name === name).length;
const step = (at: number) => document.querySelectorAll<HTMLElement>(".player-step")[at];

describe("the questions", () => {
  it("are shown one a page, saved as they are answered, and handed in once", async () => {
    const asked = await open({
      [SAVE]: [() => saved(1), () => saved(2), () => saved(2, 2), () => saved(3)],
      [COMPLETE]: [() => told(session({ ...PASSED, certificate_id: CERTIFICATE }))],
    });
    await says("Question 1 of 3");
    await fit();
    expect(text()).toMatch(/Time left (29:\d\d|30:00)/);
    field("Choice b").click();
    await says("All answers are saved.");
    await eventually(() => expect(step(0)?.textContent).toContain("answered and saved"));
    control("Next question").click();
    await says("Question 2 of 3");
    expect(document.activeElement?.textContent).toBe("Question 2 of 3");
    field("Choice a").click();
    field("Choice c").click();
    await fit();
    control("Next question").click();
    await says("at most 2 decimal places");
    type("Question about 3?", "12,5x");
    await says("This isn't such a number");
    await fit();
    type("Question about 3?", "12,50");
    await eventually(() => expect(count(asked, SAVE)).toBe(4));
    expect(asked.filter(({ name }) => name === SAVE).map(({ body }) => body)).toEqual([
      { question_id: id(1), expected_revision: 0, answer: { choices: ["b"] } },
      { question_id: id(2), expected_revision: 0, answer: { choices: ["a"] } },
      { question_id: id(2), expected_revision: 1, answer: { choices: ["a", "c"] } },
      { question_id: id(3), expected_revision: 0, answer: { value: "12.50" } },
    ]);
    control("Look through and hand in").click();
    await says("Every question is answered.");
    await fit();
    const hand = Array.from(document.querySelectorAll<HTMLElement>(".player-page .button-first")).at(-1);
    hand?.click();
    hand?.click();
    await says("Passed");
    expect(count(asked, COMPLETE)).toBe(1);
    expect(text()).toContain("10 of 15 points");
    expect(control("See the certificate").getAttribute("href")).toBe(`/certificates/${CERTIFICATE}`);
    expect(document.activeElement?.textContent).toBe("Passed");
    await fit();
  });

  it("go on where another device was", async () => {
    const questions = [question(1, { answer: { choices: ["c"] }, revision: 3 }), question(2)];
    const asked = await open({ [GET]: [() => told(session({ questions }))], [SAVE]: [() => saved(1, 4)] });
    await says("Question 1 of 2");
    expect(field("Choice c").checked).toBe(true);
    field("Choice a").click();
    await eventually(() => expect(count(asked, SAVE)).toBe(1));
    expect(asked.find(({ name }) => name === SAVE)?.body).toMatchObject({ expected_revision: 3 });
    control("Take the answer back").click();
    await eventually(() => expect(count(asked, SAVE)).toBe(2));
    expect(asked.findLast(({ name }) => name === SAVE)?.body).toMatchObject({
      expected_revision: 4,
      answer: { choices: [] },
    });
  });

  it("are gone through with the keys", async () => {
    await open();
    await says("Question 1 of 3");
    step(0)?.focus();
    const press = (key: string) =>
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    press("ArrowRight");
    expect(document.activeElement).toBe(step(1));
    press("End");
    expect(document.activeElement).toBe(step(3));
    press("ArrowRight");
    expect(document.activeElement).toBe(step(0));
    press("ArrowLeft");
    (document.activeElement as HTMLElement).click();
    await says("Look through and hand in");
    expect(text()).toContain("3 questions of 3 aren't answered");
  });
});

describe("an answer that isn't saved", () => {
  const unload = () => {
    const event = new Event("beforeunload", { cancelable: true });
    window.dispatchEvent(event);
    return event.defaultPrevented;
  };

  it("is shown as that, and nobody leaves without being asked", async () => {
    let isAway = true;
    const answer = () => (isAway ? Promise.reject(new TypeError("away")) : saved(1));
    const asked = await open({ [SAVE]: [answer], "GET /api/fte/modules": [told({ items: [], next_cursor: null })] });
    await says("Question 1 of 3");
    expect(unload()).toBe(false);
    field("Choice a").click();
    await says("Not saved yet: 1 answer. We keep trying.");
    expect(step(0)?.textContent).toContain("not saved yet");
    await fit();
    expect(unload()).toBe(true);
    control("Tests").click();
    await says("If you leave now, they are lost.");
    await fit();
    expect(location.pathname).toBe(`/tests/sessions/${SESSION}`);
    control("Stay").click();
    isAway = false;
    await eventually(() => {
      const now = Array.from(document.querySelectorAll("button")).find((each) => each.textContent === "Save now");
      now?.click();
      expect(text()).toContain("All answers are saved.");
    });
    expect(unload()).toBe(false);
    const bodies = new Set(asked.filter(({ name }) => name === SAVE).map(({ body }) => JSON.stringify(body)));
    expect(bodies.size).toBe(1);
  });

  it("because of another window is replaced by what is saved, and told", async () => {
    const theirs = [question(1, { answer: { choices: ["c"] }, revision: 2 }), question(2), question(3)];
    await open({
      [GET]: [() => told(session()), () => told(session({ questions: theirs }))],
      [SAVE]: [() => problem(409, "sequence-gap")],
    });
    await says("Question 1 of 3");
    field("Choice a").click();
    await says("Question 1: something else was saved meanwhile");
    expect(field("Choice c").checked).toBe(true);
    expect(field("Choice a").checked).toBe(false);
    expect(text()).toContain("All answers are saved.");
    await fit();
    control("I have read this").click();
    await eventually(() => expect(text()).not.toContain("something else was saved"));
  });

  it("because the session has ended leads to the result", async () => {
    const over = session({ status: "expired", points_earned: 0, passed: false, completed_at: "2026-11-29T10:20:00Z" });
    await open({ [GET]: [() => told(session()), () => told(over)], [SAVE]: [() => problem(409, "ended")] });
    await says("Question 1 of 3");
    field("Choice a").click();
    await says("Not passed");
    await says("1 answer came after the end");
    expect(text()).toContain("The time was over before it was handed in.");
    expect(text()).toContain("You can try again from");
    await fit();
  });
});

describe("handing in", () => {
  it("is tried again where nobody answers, and what goes wrong is told", async () => {
    const asked = await open({
      [COMPLETE]: [
        () => problem(503, "dependency-unavailable"),
        () => problem(403, "not-permitted"),
        () => told(session(PASSED)),
      ],
    });
    await says("Question 1 of 3");
    step(3)?.click();
    const hand = () => Array.from(document.querySelectorAll<HTMLElement>(".player-page .button-first")).at(-1);
    await eventually(() => expect(hand()).toBeDefined());
    hand()?.click();
    await says("You are not allowed to do this.");
    expect(count(asked, COMPLETE)).toBe(2);
    await fit();
    hand()?.click();
    await says("Go on with the next test");
  });

  it("comes by itself when the time is over, with what is unsaved sent before", async () => {
    const asked = await open({
      [GET]: [() => told(session({}, 4_000))],
      [SAVE]: [() => saved(1)],
      [COMPLETE]: [() => told(session({ ...PASSED, passed: false, status: "expired" }))],
    });
    await says("Question 1 of 3");
    field("Choice a").click();
    await says("Not passed");
    const names = asked.map(({ name }) => name);
    expect(names.indexOf(SAVE)).toBeGreaterThan(0);
    expect(names.indexOf(SAVE)).toBeLessThan(names.indexOf(COMPLETE));
    expect(count(asked, COMPLETE)).toBe(1);
  });
});

describe("a result", () => {
  it("says what was right to whoever has passed", async () => {
    const questions = [
      question(1, { answer: { choices: ["a"] }, is_correct: true, points_awarded: 5 }),
      question(2, { is_correct: null }),
    ];
    await open({ [GET]: [told(session({ ...PASSED, questions }))] });
    await says("right, 5 points");
    expect(text()).toContain("not answered, 0 points");
    await fit();
  });

  it("says that a scenario is missing, where the points suffice", async () => {
    const ended = session({
      status: "failed",
      test_type: "interactive_scenario",
      points_earned: 15,
      passed: false,
      completed_at: "2026-11-29T10:20:00Z",
    });
    await open({ [GET]: [told(ended)] });
    await says("What is missing is a scenario");
  });

  it("of nobody's session is none", async () => {
    await open({ [GET]: [() => problem(404, "not-found")] });
    await says("This doesn't exist, or not any more.");
    await fit();
  });
});
