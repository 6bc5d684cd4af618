//! Why somebody of the staff looks at something. In: their words, once for each matter. Out: the words, as long as this page is there: in memory and nowhere else, and
//! nobody else's who signs in after them.

import { createSignal } from "solid-js";

/** What a reason looks like, as services' documents have it: they refuse a header with other signs than these, and know no way to write those down in these. */
export const FIT = /^[!-~][ -~]{1,498}[!-~]$/;
/** Signs that are named when there are many. */
const NAMED = 5;

/** What is wrong with a reason, if anything is, and what to write instead. */
export function unfit(reason: string): string | undefined {
  const strange = [...new Set((reason.normalize("NFC").match(/[^ -~]/gu) ?? []).map(named))];
  if (strange.length === 0) {
    return FIT.test(reason) ? undefined : "Say why in one line of 3 to 500 characters.";
  }
  const some = strange.slice(0, NAMED).join(", ");
  const all = strange.length > NAMED ? `${some} and others` : some;
  return `This can't be written down: ${all}. Write plain letters (A to Z), digits and signs: ae for ä, e for é, - for –.`;
}

function named(sign: string): string {
  return /[\p{Z}\p{C}]/u.test(sign) ? "a sign that nobody sees" : `“${sign}”`;
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
