//! What becomes of answers until the server has them. In: what happens, one event after the other. Out: the next state, and at most one thing to do. Pure.
//!
//! One answer is under way at a time. Until it is known what became of it, the very same is sent again: the server recognises that, where a newer answer with
//! the revision of before would look like somebody else's. What is chosen meanwhile waits, and of a question only the newest. An answer that the server refuses
//! isn't saved: the server is read, and what it has is what there is.

import type { Given } from "../types";

/** A question's answers. */
export interface Lane {
  /** What the next answer has to expect. */
  readonly revision: number;
  /** What the server has. */
  readonly saved: Given | undefined;
  /** What it doesn't have yet. */
  readonly wanted?: Given | undefined;
}

/** Why an answer wasn't taken: another window was faster; it doesn't fit; the session takes none any more; the session can't be had. */
export type Why = "changed" | "wrong" | "ended" | "gone";

/** An answer that wasn't taken. */
export interface Refused {
  readonly id: string;
  readonly answer: Given;
  readonly why: Why;
}

export interface Flight {
  readonly id: string;
  readonly answer: Given;
  readonly expected: number;
}

/** What to do next. */
export type Work = "send" | "read";

export interface Saving {
  readonly lanes: Readonly<Record<string, Lane>>;
  /** Questions with an answer that waits, the one that waits longest first. */
  readonly queue: readonly string[];
  /** What is under way, or was and nobody knows what became of it. */
  readonly flight?: Flight | undefined;
  /** What was refused and has to be compared with what the server has. */
  readonly doubted?: Refused | undefined;
  /** `stuck`: it was tried often enough, and somebody has to ask for more. `ended`: the session takes nothing more. */
  readonly phase: "idle" | Work | "waiting" | "stuck" | "ended";
  /** What is done after waiting. */
  readonly work: Work;
  /** Failures in a row. */
  readonly failures: number;
  /** What somebody has to be told. */
  readonly refused: readonly Refused[];
}

/** What the server has. */
export type Known = Readonly<Record<string, { readonly revision: number; readonly saved: Given | undefined }>>;

export type Event =
  | { readonly type: "edit"; readonly id: string; readonly answer: Given }
  | { readonly type: "saved"; readonly revision: number }
  /** `chance`: from 0 to 1. `wait`: milliseconds that the server asks for. */
  | { readonly type: "lost"; readonly chance: number; readonly wait?: number | undefined }
  | { readonly type: "refused"; readonly why: Why }
  | { readonly type: "read"; readonly known: Known; readonly runs: boolean }
  /** The wait is over. */
  | { readonly type: "again" }
  /** Somebody, or something, says that it may go now. */
  | { readonly type: "wake" }
  | { readonly type: "told" };

export type Effect = { readonly do: Work; readonly flight?: Flight } | { readonly do: "wait"; readonly for: number };
export type Step = readonly [Saving, Effect?];

/** Milliseconds after the first failure; each further one doubles it. */
const FIRST = 1_000;
const LONGEST = 20_000;
/** Failures in a row after which nothing more is tried by itself. */
export const MOST = 8;

export function begin(known: Known): Saving {
  return { lanes: known, queue: [], phase: "idle", work: "send", failures: 0, refused: [] };
}

/** Questions whose last answer the server may not have. */
export function unsaved(state: Saving): readonly string[] {
  const open = [state.flight?.id, state.doubted?.id].filter((id) => id !== undefined);
  return [...new Set([...open, ...state.queue])];
}

/** What a question looks answered with: the newest, saved or not. */
export function shown(state: Saving, id: string): Given | undefined {
  const flight = state.flight?.id === id ? state.flight.answer : undefined;
  return state.lanes[id]?.wanted ?? flight ?? state.lanes[id]?.saved;
}

export function same(one: Given | undefined, other: Given | undefined): boolean {
  return text(one) === text(other);
}

function text(given: Given | undefined): string {
  return given ? JSON.stringify([[...(given.choices ?? [])].sort(), given.value ?? null]) : "";
}

export function step(state: Saving, event: Event): Step {
  switch (event.type) {
    case "edit":
      return edit(state, event.id, event.answer);
    case "saved":
      return saved(state, event.revision);
    case "lost":
      return lost(state, event.chance, event.wait);
    case "refused":
      return refuse(state, event.why);
    case "read":
      return read(state, event.known, event.runs);
    case "again":
      return state.phase === "waiting" ? go(state) : [state];
    case "wake":
      return state.phase === "waiting" || state.phase === "stuck" ? go({ ...state, failures: 0 }) : [state];
    case "told":
      return [{ ...state, refused: [] }];
  }
}

function edit(state: Saving, id: string, answer: Given): Step {
  const lane = state.lanes[id];
  if (!lane || state.phase === "ended") {
    return [state];
  }
  // What the server has if all goes well.
  const coming = state.flight?.id === id ? state.flight.answer : lane.saved;
  const wanted = same(coming, answer) ? undefined : answer;
  const others = state.queue.filter((each) => each !== id);
  const queue = wanted ? (state.queue.includes(id) ? state.queue : [...state.queue, id]) : others;
  const refused = state.refused.filter((each) => each.id !== id);
  const next = { ...state, queue, refused, lanes: { ...state.lanes, [id]: { ...lane, wanted } } };
  if (next.phase === "idle") {
    return go(next);
  }
  return next.phase === "stuck" ? go({ ...next, failures: 0 }) : [next];
}

/** Does what is due. */
function go(state: Saving): Step {
  if (state.work === "read") {
    return [{ ...state, phase: "read" }, { do: "read" }];
  }
  if (state.flight) {
    return [
      { ...state, phase: "send" },
      { do: "send", flight: state.flight },
    ];
  }
  const [id, ...queue] = state.queue;
  const lane = id === undefined ? undefined : state.lanes[id];
  if (id === undefined || !lane?.wanted) {
    return [{ ...state, queue, phase: "idle" }];
  }
  const flight = { id, answer: lane.wanted, expected: lane.revision };
  const lanes = { ...state.lanes, [id]: { ...lane, wanted: undefined } };
  return [
    { ...state, queue, lanes, flight, phase: "send" },
    { do: "send", flight },
  ];
}

function saved(state: Saving, revision: number): Step {
  const { flight, ...rest } = state;
  const lane = flight && state.lanes[flight.id];
  if (!flight || !lane || state.phase === "ended") {
    return [state];
  }
  const lanes = { ...state.lanes, [flight.id]: { ...lane, revision, saved: flight.answer } };
  return go({ ...rest, lanes, failures: 0 });
}

function lost(state: Saving, chance: number, wait = 0): Step {
  if (state.phase !== "send" && state.phase !== "read") {
    return [state];
  }
  const failures = state.failures + 1;
  if (failures >= MOST) {
    return [{ ...state, failures, phase: "stuck" }];
  }
  const most = Math.min(LONGEST, FIRST * 2 ** (failures - 1));
  // Windows that lost the server together don't come back together.
  const pause = Math.max(wait, most * (0.5 + chance / 2));
  return [
    { ...state, failures, phase: "waiting" },
    { do: "wait", for: Math.min(pause, LONGEST) },
  ];
}

function refuse(state: Saving, why: Why): Step {
  const { flight, ...rest } = state;
  if (state.phase === "read" && !flight) {
    // The session itself can't be had: nothing more is tried by itself.
    return [{ ...state, phase: "stuck" }];
  }
  if (!flight) {
    return [state];
  }
  const doubted = { id: flight.id, answer: shown(state, flight.id) ?? flight.answer, why };
  return go({ ...rest, doubted, work: "read", failures: 0 });
}

function read(before: Saving, known: Known, runs: boolean): Step {
  const state = runs ? before : settled(before);
  const { doubted, ...rest } = state;
  const found = Object.entries(state.lanes).map(([id, lane]) => [id, adopt(state, id, lane, known[id])] as const);
  const lanes = Object.fromEntries(found.map(([id, { lane }]) => [id, lane]));
  const fallen = found.flatMap(([, { fallen }]) => fallen ?? []);
  const doubts = doubted && !same(lanes[doubted.id]?.saved, doubted.answer) ? [doubted] : [];
  const told = [...doubts, ...fallen.filter((each) => each.id !== doubted?.id)];
  const next: Saving = {
    ...rest,
    lanes,
    work: "send",
    queue: state.queue.filter((id) => lanes[id]?.wanted),
    refused: [...state.refused.filter((old) => !told.some((each) => each.id === old.id)), ...told],
  };
  if (!runs) {
    return [end(next)];
  }
  return state.work === "read" || state.phase === "idle" ? go({ ...next, failures: 0 }) : [next];
}

/** What was under way when the session ended is there, or isn't: nothing more becomes of it. */
function settled({ flight, ...state }: Saving): Saving {
  const open = flight && { id: flight.id, answer: shown({ ...state, flight }, flight.id) ?? flight.answer };
  const doubted = open ?? state.doubted;
  return doubted ? { ...state, doubted: { ...doubted, why: "ended" } } : state;
}

/** A lane after the server was read. What is under way decides by itself; what is older than what is known comes late, and says nothing. */
function adopt(
  state: Saving,
  id: string,
  lane: Lane,
  known: Known[string] | undefined,
): { lane: Lane; fallen?: Refused[] } {
  if (!known || state.flight?.id === id || known.revision < lane.revision) {
    return { lane };
  }
  const doubted = state.doubted?.id === id;
  if (known.revision === lane.revision && !doubted) {
    return { lane };
  }
  const { wanted } = lane;
  const isLost = wanted !== undefined && !same(wanted, known.saved);
  const taken = { revision: known.revision, saved: known.saved };
  return isLost ? { lane: taken, fallen: [{ id, answer: wanted, why: "changed" }] } : { lane: taken };
}

/** The session takes nothing more: what it doesn't have it won't have. */
function end(state: Saving): Saving {
  const open = unsaved(state).flatMap((id) => {
    const answer = shown(state, id);
    return answer && !same(answer, state.lanes[id]?.saved) ? [{ id, answer, why: "ended" as const }] : [];
  });
  const lanes = Object.fromEntries(
    Object.entries(state.lanes).map(([id, { revision, saved }]) => [id, { revision, saved }]),
  );
  const refused = [...state.refused.filter((old) => !open.some((each) => each.id === old.id)), ...open];
  return { ...state, lanes, queue: [], phase: "ended", refused };
}
