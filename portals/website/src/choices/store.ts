//! What a visitor lets this browser remember. In: a choice. Out: the last one. The choice itself is kept, because asking again and again would be no choice.

import { forget, keep, recall } from "@rerp/shared/storage";

/** Changes when what is asked changes: then everybody is asked anew. */
const VERSION = "1";
const NAME = "choices";
/** What is kept only with leave; forgotten when leave is taken back. */
const WITH_LEAVE = ["exit"];

export type Choice = "needed" | "more";

/** None: nobody was asked yet. */
export function choice(): Choice | undefined {
  const [version, chosen] = (recall(NAME) ?? "").split(":");
  return version === VERSION && (chosen === "needed" || chosen === "more") ? chosen : undefined;
}

export function decide(chosen: Choice): void {
  keep(NAME, `${VERSION}:${chosen}`);
  if (chosen === "needed") {
    WITH_LEAVE.forEach(forget);
  }
}
