//! What is told of objects, in words. In: statuses. Out: texts. Pure.

import type { Condition, Migration, Stored } from "./api";

/** Phases of a migration that goes well, in their order, and what each is. */
export const STEPS: readonly (readonly [phase: string, words: string])[] = [
  ["Pending", "Asked for"],
  ["Preflight", "Both sides are inspected"],
  ["Prepare", "Schema and stream are made"],
  ["Copy", "Rows are copied"],
  ["CatchUp", "Changes since the copy are applied"],
  ["Verify", "Both sides are compared"],
  ["ReadyForCutover", "Ready for the switch"],
  ["Cutover", "Writes move to the new database"],
  ["Observe", "The new database has the data"],
  ["Finalize", "What was needed on the way is removed"],
  ["Completed", "The split is done"],
];

const ASIDE: Readonly<Record<string, string>> = {
  RollingBack: "Writes move back to the old database",
  RolledBack: "The old database has the data again",
  Aborting: "Everything is taken back",
  Aborted: "Taken back; the old database has the data",
  Failed: "Waits for a person",
};

const MOVING = ["Preflight", "Prepare", "Copy", "CatchUp", "Verify", "Cutover", "Finalize", "RollingBack", "Aborting"];

export const phaseOf = (migration: Migration): string => migration.status?.phase ?? "Pending";

export function phaseWords(phase: string): string {
  return ASIDE[phase] ?? STEPS.find(([name]) => name === phase)?.[1] ?? phase;
}

/** Whether something is under way that one wants to watch. */
export function moves(migration: Migration): boolean {
  const epoch = migration.status?.epoch;
  const asked = (way: "rollback" | "forward") =>
    (migration.spec[way] as { epoch?: number } | undefined)?.epoch === epoch;
  return MOVING.includes(phaseOf(migration)) || (epoch !== undefined && (asked("rollback") || asked("forward")));
}

/** How an object is, and why, as the operator says it. */
export function state(object: Stored): { readonly word: string; readonly why: string } {
  const conditions = object.status?.conditions ?? [];
  const find = (type: string) => conditions.find((each) => each.type === type);
  const ready = find("Ready");
  if (ready?.status === "True") {
    return { word: "Ready", why: "" };
  }
  const isStuck = find("Stalled")?.status === "True";
  const why = ready?.message ?? "The operator hasn't looked at it yet.";
  return { word: isStuck ? "Needs somebody" : "Not ready yet", why };
}

export function conditionWords(condition: Condition): string {
  return { True: "yes", False: "no" }[condition.status] ?? "unknown";
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export function bytes(count: number): string {
  const unit = count < 1 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), UNITS.length - 1);
  const style = { style: "unit", unit: UNITS[unit], unitDisplay: "short", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(navigator.language, style).format(count / 1000 ** unit);
}

const SPANS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A length of time in its largest unit. */
export function span(seconds: number): string {
  const [unit, size] = SPANS.find(([, least]) => seconds >= least) ?? (["second", 1] as const);
  const style = { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(navigator.language, style).format(Math.max(0, Math.floor(seconds / size)));
}

/** How long ago that was. */
export const age = (at: string): string => span((Date.now() - Date.parse(at)) / 1000);

export const pause = (milliseconds: number): string =>
  `${new Intl.NumberFormat(navigator.language, { maximumFractionDigits: 0 }).format(milliseconds)} ms`;

export const count = (rows: number): string => new Intl.NumberFormat(navigator.language).format(rows);

/** Which share of all rows was compared. What isn't all of them is never said to be. */
export function compared(coverage: number): string {
  if (coverage >= 1) {
    return "All of them";
  }
  const style = { style: "percent", maximumFractionDigits: 1 } as const;
  return `About ${new Intl.NumberFormat(navigator.language, style).format(Math.floor(coverage * 1000) / 1000)} of them`;
}

export const differ = (rows: number): string => (rows === 0 ? "none differs" : `different: ${count(rows)}`);
