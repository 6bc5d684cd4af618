//! Sending codes. In: what is proved, and to which contact. Out: signals: when another one may come, and whether the last is good yet.

import { problemIn } from "@rerp/shared/app";
import { createSignal } from "solid-js";
import { type Countdown, createCountdown } from "./countdown";
import type { Proof } from "./proofs";

/** How long to wait where the server doesn't say, in seconds: as long as between two codes. */
const WAIT = 60;

export interface Sending {
  /** Until another code may be asked for. */
  readonly gap: Countdown;
  /** The server gave no other code just now. */
  isLimited(): boolean;
  /** The code isn't good any more. Never so where that isn't known. */
  isOver(): boolean;
  /** Sends one. Fails with what the API says, but for "not yet". */
  start(): Promise<void>;
  /** The contact is another one: what was known of its code is worth nothing. */
  forget(): void;
}

/** `begun`: a code is on its way, or was already. */
export function createSending(proof: Proof, contact: () => string, begun: () => void): Sending {
  const [isLimited, setLimited] = createSignal(false);
  const [isTimed, setTimed] = createSignal(false);
  const gap = createCountdown();
  const life = createCountdown();
  // That there is no other code yet is no reason not to use one that has come.
  const start = async () => {
    try {
      const sent = await proof.start(contact());
      setLimited(false);
      life.start(sent.expires_in_seconds);
      setTimed(true);
      gap.start(sent.resend_after_seconds);
    } catch (error) {
      const problem = problemIn(error);
      if (problem.kind !== "too-many-requests") {
        throw error;
      }
      setLimited(true);
      gap.start(problem.wait ?? WAIT);
    }
    begun();
  };
  return { gap, isLimited, isOver: () => isTimed() && life.left() === 0, start, forget: () => setTimed(false) };
}
