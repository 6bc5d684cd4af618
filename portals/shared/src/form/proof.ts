//! Proof of work, where forms need one: the browser looks for a number while somebody types. In: challenges in ALTCHA's form. Out: solutions as the
//! API takes them; none where nobody asks for one.

import { type Api, answered, type Challenge } from "../api";

/** Digests that are under way together: each alone would wait for its turn more than it works. */
const TOGETHER = 512;
/** How old a solution may become, in milliseconds; challenges are good for twenty minutes. */
const FRESH = 15 * 60_000;

/** Looks for the number of a challenge. None: there is none, or browsers can't look for it here. */
export async function solve(challenge: Challenge): Promise<string | undefined> {
  if (challenge.algorithm !== "SHA-256" || !crypto.subtle) {
    return undefined;
  }
  const text = new TextEncoder();
  for (let from = 0; from <= challenge.maxnumber; from += TOGETHER) {
    const length = Math.min(TOGETHER, challenge.maxnumber - from + 1);
    const digests = await Promise.all(
      Array.from({ length }, (_, at) => crypto.subtle.digest("SHA-256", text.encode(`${challenge.salt}${from + at}`))),
    );
    const found = digests.findIndex((digest) => hex(digest) === challenge.challenge);
    if (found >= 0) {
      const { algorithm, challenge: digest, salt, signature } = challenge;
      return btoa(JSON.stringify({ algorithm, challenge: digest, number: from + found, salt, signature }));
    }
  }
  return undefined;
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Solutions for one form. */
export interface Proof {
  /** Begins to look, as soon as somebody begins to type. */
  begin(): void;
  /** A solution, which is good for one sending; none where none is needed. */
  take(): Promise<string | undefined>;
}

/** Solutions from challenges of the API. */
export function createProof(api: Api, now: () => number = Date.now): Proof {
  let looking: { since: number; solution: Promise<string | undefined> } | undefined;
  const begin = () => {
    if (!looking || now() - looking.since > FRESH) {
      looking = { since: now(), solution: look(api) };
    }
    return looking.solution;
  };
  return {
    begin: () => void begin(),
    take: () => {
      const solution = begin();
      looking = undefined;
      return solution;
    },
  };
}

async function look(api: Api): Promise<string | undefined> {
  // 204: forms are taken as they come. What else goes wrong here the form itself will meet, and tell.
  const answer = await answered(api.GET("/api/marketing/captcha/challenge"));
  return "data" in answer && answer.data ? solve(answer.data) : undefined;
}
