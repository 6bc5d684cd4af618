//! The session of this tab. In: what somebody types; what other tabs say. Out: who it is, and access tokens for the API. The token is in memory and nowhere else: a
//! page that is loaded again gets another one for the cookie.

import { NETWORK, type Problem } from "@rerp/shared/api";
import { type Accessor, createSignal } from "solid-js";
import { ask, type Factor, STRANGE, wrong } from "./remote";
import { turn } from "./turns";
import { createKnown, type Known, type Who } from "./who";

const RECOVERED = "/session/recovered";

/** What is between a password that was taken and being signed in. `stranger`: it isn't this portal's account; `over`: it took too long, or too many codes were wrong. */
export type Step = Factor | { readonly factor: "stranger" | "over" };

/** A session. What gives a problem gives none when it went well. */
export interface Session {
  who(): Who;
  /** Asks who it is: at first, and again after `away`. */
  start(): Promise<void>;
  /** What has to be shown yet, where a portal asks for more than a password; also why that is in vain. */
  step: Accessor<Step | undefined>;
  /** Shows the code of a factor. */
  prove(code: string): Promise<Problem | undefined>;
  /** Forgets the step. */
  again(): void;
  signIn(email: string, password: string): Promise<Problem | undefined>;
  /** Another password, for the code that came by mail. Nobody is signed in before it is taken. */
  recovered(email: string, code: string, password: string): Promise<Problem | undefined>;
  /** Everywhere in this browser. Where the program can't be reached, nothing has changed. `before` is done when it went well, before views hear of it. */
  signOut(before?: () => void): Promise<Problem | undefined>;
  /** An access token of this person; none where somebody else is signed in or nobody, or it can't be renewed now. `refused`: one that the API didn't take. */
  token(person: string, refused?: string): Promise<string | undefined>;
  /** Ends what goes on by itself. */
  close(): void;
}

export function createSession(): Session {
  const known = createKnown();
  const [step, setStep] = createSignal<Step>();
  /** A new password that is taken with the factor. */
  let chosen: string | undefined;
  const become = (next?: Step, password?: string) => {
    chosen = password;
    setStep(next);
  };
  const channel = new BroadcastChannel("rerp-session");
  channel.onmessage = (message: MessageEvent<unknown>) => {
    become();
    if (message.data === "out") {
      known.leave();
    } else {
      void known.refresh();
    }
  };
  const deaf = listen(known);
  const enter = async (path: string, body: Record<string, string>): Promise<Problem | undefined> => {
    const asked = performance.now();
    const answer = await turn(() => ask("POST", path, body)).catch(() => ({ problem: NETWORK, status: 0 }));
    if ("problem" in answer) {
      const why = answer.problem.kind;
      const isStep = why === "not-permitted" || why === "not-signed-in";
      if (isStep) {
        become({ factor: why === "not-permitted" ? "stranger" : "over" });
      }
      return isStep ? undefined : answer.problem;
    }
    if (!answer.data) {
      return STRANGE;
    }
    if ("factor" in answer.data) {
      become(answer.data, path === RECOVERED ? body.password : undefined);
      return undefined;
    }
    known.accept(answer.data, asked);
    become();
    channel.postMessage("in");
    return undefined;
  };
  return {
    who: known.who,
    start: () => {
      if (known.who().state === "away") {
        known.hide();
      }
      return known.refresh();
    },
    step,
    prove: (code) => enter("/session/factor", chosen === undefined ? { code } : { code, password: chosen }),
    again: () => become(),
    signIn: (email, password) => enter("/session", { email, password }),
    recovered: (email, code, password) => enter(RECOVERED, { email, code, password }),
    signOut: async (before) => {
      const problem = await turn(() => ask("DELETE", "/session")).then(wrong, () => NETWORK);
      if (!problem) {
        before?.();
        known.leave();
        channel.postMessage("out");
      }
      return problem;
    },
    token: async (person, refused) => {
      const now = known.who();
      const isElse = now.state === "in" && now.person !== person;
      if (!isElse && !known.token(person, refused)) {
        await known.refresh();
      }
      return known.token(person, refused);
    },
    close: () => {
      known.stop();
      channel.close();
      deaf();
    },
  };
}

/** Timers stand still while a machine sleeps; and a page that comes back from a browser's memory may be another person's by now. */
function listen(known: Known): () => void {
  const woken = () => {
    if (known.isDue()) {
      void known.refresh();
    }
  };
  const shown = (event: PageTransitionEvent) => {
    if (event.persisted) {
      known.hide();
      void known.refresh();
    }
  };
  document.addEventListener("visibilitychange", woken);
  window.addEventListener("online", woken);
  window.addEventListener("pageshow", shown);
  return () => {
    document.removeEventListener("visibilitychange", woken);
    window.removeEventListener("online", woken);
    window.removeEventListener("pageshow", shown);
  };
}
