//! What the views of tests are shown with, answers of the tests' service, and how a test finds what is on their pages.

import { ANN } from "../../shared/test/played";
import type { Certificate, Module, Progress, Question, Scenario, Session } from "../src/views/tests/types";

export const ACCOUNT = "0191f7a1-0000-7000-8000-0000000000a1";
export const SESSION = "0191f7a1-0000-7000-8000-0000000000b1";
export const SCENARIO = "0191f7a1-0000-7000-8000-0000000000c1";
export const CERTIFICATE = "0191f7a1-0000-7000-8000-0000000000d1";
export const TOKEN = "ab".repeat(32);
const AT = "2026-11-29T10:00:00Z";

export const id = (at: number) => `0191f7a1-0000-7000-8000-00000000010${at}`;

/** An answer as the service gives it, with its time. */
export function told(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { date: new Date().toUTCString() } });
}

export function module(more: Partial<Module> = {}): Module {
  return {
    module_id: id(9),
    code: "risk",
    course: "trading",
    test_type: "module_quiz",
    title: "Risk",
    description: null,
    pass_bp: 7_000,
    time_limit_s: 1_800,
    certificate_days: null,
    retry_pause_s: 900,
    retired: false,
    version: 1,
    created_at: AT,
    updated_at: AT,
    ...more,
  };
}

export function progress(more: Partial<Progress> = {}): Progress {
  return {
    course: "trading",
    current_module: "risk",
    modules_completed: [],
    modules_total: 1,
    modules_passed: 0,
    overall_progress: 0,
    final_passed_at: null,
    fte_certificate_issued: false,
    certificate_issued_at: null,
    last_accessed_at: AT,
    ...more,
  };
}

export function question(at: number, more: Partial<Question> = {}): Question {
  return {
    question_id: id(at),
    version: 1,
    kind: "single_choice",
    prompt: `Question about ${at}?`,
    choices: ["a", "b", "c"].map((name) => ({ id: name, text: `Choice ${name}` })),
    decimals: 0,
    points: 5,
    weight: 1,
    answer: null,
    revision: 0,
    is_correct: null,
    points_awarded: null,
    ...more,
  };
}

/** A session that runs for so many milliseconds. */
export function session(more: Partial<Session> = {}, left = 1_800_000): Session {
  return {
    session_id: SESSION,
    human_name_id: ANN,
    account_id: ACCOUNT,
    module: "risk",
    test_type: "module_quiz",
    status: "in_progress",
    pass_bp: 7_000,
    points_total: 15,
    points_earned: null,
    passed: null,
    certificate_id: null,
    started_at: new Date(Date.now() - 1_000).toISOString(),
    expires_at: new Date(Date.now() + left).toISOString(),
    completed_at: null,
    questions: [
      question(1),
      question(2, { kind: "multiple_choice" }),
      question(3, { kind: "numeric", choices: [], decimals: 2 }),
    ],
    ...more,
  };
}

export function certificate(more: Partial<Certificate> = {}): Certificate {
  return {
    certificate_id: CERTIFICATE,
    human_name_id: ANN,
    account_id: ACCOUNT,
    session_id: SESSION,
    verification_token: TOKEN,
    certificate_number: "FTE-1234-5678-9012-3452",
    course: "trading",
    state: "valid",
    issued_at: AT,
    expires_at: null,
    revoked_at: null,
    revoked_reason: null,
    ...more,
  };
}

export const bar = (at: number) => ({
  open: `${100 + at}.00`,
  high: `${102 + at}.50`,
  low: `${99 + at}.25`,
  close: `${101 + at}.75`,
});

export const FIGURES = {
  cash: "10000.00",
  free: "10000.00",
  locked: "0.00",
  position: { quantity: "0", cost: "0.00" },
  realised: "0.00",
  unrealised: "0.00",
  fees: "0.00",
  equity: "10000.00",
  open_orders: 0,
  trips: 0,
  won: 0,
  score: { right: 0, wrong: 0, missed: 0 },
  minor: { cash: 1_000_000, realised: 0, unrealised: 0, fees: 0, equity: 1_000_000 },
};

export function scenario(more: Partial<Scenario> = {}): Scenario {
  return {
    scenario_id: SCENARIO,
    human_name_id: ANN,
    account_id: ACCOUNT,
    module: "market",
    session_id: null,
    scenario_type: "backtest",
    scenario_config: { bars: 60 },
    seq: 31,
    total_bars: 60,
    bars: Array.from({ length: 30 }, (_, at) => bar(at)),
    user_actions: [],
    results: FIGURES,
    started_at: AT,
    completed_at: null,
    ...more,
  };
}

/** A button or a link by what it says. */
export function control(label: string): HTMLElement {
  const all = Array.from(document.querySelectorAll<HTMLElement>("button, a, summary"));
  const found = all.find((each) => each.textContent?.replaceAll(/\s+/g, " ").trim() === label);
  if (!found) {
    throw new Error(`there is no ${label} among ${all.map((each) => each.textContent?.trim()).join(" | ")}`);
  }
  return found;
}

/** A field by its label. */
export function field(label: string): HTMLInputElement {
  const all = Array.from(document.querySelectorAll("label"));
  const words = (each: Element) => (each.textContent ?? "").replaceAll(/\s+/g, " ").trim();
  const found = all.find((each) => words(each) === label) ?? all.find((each) => words(each).startsWith(label));
  const control = found?.control ?? found?.querySelector("input, select");
  if (!(control instanceof HTMLInputElement)) {
    throw new Error(`there is no field ${label}`);
  }
  return control;
}

export function type(label: string, value: string): void {
  const input = field(label);
  input.value = value;
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
