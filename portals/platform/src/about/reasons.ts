//! Why somebody of the staff looks at something. In: their words, once for each matter. Out: the words, as long as this page is there: in memory and nowhere else, and
//! nobody else's who signs in after them.

import { createSignal } from "solid-js";

/** What a reason looks like: services take 3 to 500 characters of one line, and headers carry no others than these. */
const REASON = /^[ -~]{3,500}$/;

/** What is wrong with a reason, if anything is. */
export function unfit(reason: string): string | undefined {
  return REASON.test(reason) ? undefined : "Say why in one line of 3 to 500 characters, in plain letters (A to Z).";
}

interface Kept {
  readonly staff: string;
  readonly reasons: ReadonlyMap<string, string>;
}

const [kept, setKept] = createSignal<Kept>({ staff: "", reasons: new Map() });

/** The reasons of one of the staff. */
export interface Reasons {
  /** Why they look at this: a person or an account by identifier, or a part of the portal. */
  of(subject: string): string | undefined;
  set(subject: string, reason: string): void;
}

export function reasonsOf(staff: string): Reasons {
  const all = (found: Kept) => (found.staff === staff ? found.reasons : new Map<string, string>());
  return {
    of: (subject) => all(kept()).get(subject),
    set: (subject, reason) => setKept((before) => ({ staff, reasons: new Map(all(before)).set(subject, reason) })),
  };
}
