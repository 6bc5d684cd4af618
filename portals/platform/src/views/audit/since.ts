//! From when on the trail is shown: the API gives it from the oldest row on, and nobody looks for that one first. In: a choice, and the present. Out: where the first
//! page begins.

import type { Cursor } from "../../parts/Paged";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Milliseconds that are looked back, by choice. */
const BACK = { hour: HOUR, day: DAY, week: 7 * DAY, month: 30 * DAY } as const;

export type Since = keyof typeof BACK | "beginning";

export const CHOICES: readonly { readonly value: Since; readonly label: string }[] = [
  { value: "hour", label: "An hour ago" },
  { value: "day", label: "A day ago" },
  { value: "week", label: "7 days ago" },
  { value: "month", label: "30 days ago" },
  { value: "beginning", label: "The beginning" },
];

export function isSince(text: string): text is Since {
  return CHOICES.some(({ value }) => value === text);
}

/** `now`: milliseconds since 1970. */
export function begin(since: Since, now: number): Cursor {
  return since === "beginning" ? {} : { cursor: least(now - BACK[since]) };
}

/**
 * The least identifier that a row of a moment can have. A page has the rows after an identifier, and theirs are in the order of time: UUIDs of version 7, which begin
 * with the milliseconds since 1970 (`services/kit/src/audit.rs`).
 */
function least(moment: number): string {
  const digits = moment.toString(16).padStart(12, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7000-8000-000000000000`;
}
