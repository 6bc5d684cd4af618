//! A session that runs: its answers are saved, its time counts down, it is handed in once. In: the session as it was read. Out: its state as signals. Its owner's end ends it.

import type { Api } from "@rerp/shared/api";
import { createSignal, onCleanup } from "solid-js";
import { asked, clock, mayPass, problem } from "../call";
import { moment } from "../clock";
import { type Countdown, createCountdown } from "../countdown";
import type { Session } from "../types";
import { createSaver, type Saver } from "./saver";
import type { Known } from "./saving";

/** How long handing in waits for answers, in milliseconds; and at the end of the time. */
const FLUSH = 20_000;
const LAST = 3_000;
/** How long it may be unclear whether the time is over there, in milliseconds. */
const MOST_DOUBT = 5_000;
/** How often handing in is tried, and the pause before the second time in milliseconds; each further one doubles it. */
const TRIES = 5;
const PAUSE = 1_000;

/** Where handing in is. `unsaved`: answers are missing there, and somebody has to say what to do. */
export type Ending = "no" | "unsaved" | "ending" | "failed";

export interface Play {
  session(): Session;
  readonly saver: Saver;
  readonly countdown: Countdown;
  ending(): Ending;
  /** Why it couldn't be handed in. */
  problem(): ReturnType<typeof problem>;
  /** Hands in; with `regardless` also without answers that can't be saved. Asked for again meanwhile, it is the same once. */
  handIn(regardless?: boolean): Promise<void>;
}

export function known(session: Session): Known {
  const lane = ({ question_id, revision, answer }: Session["questions"][number]) =>
    [question_id, { revision, saved: answer ? (answer as Known[string]["saved"]) : undefined }] as const;
  return Object.fromEntries(session.questions.map(lane));
}

export const runs = (session: Session) => session.status === "in_progress";

export function load(api: Api, session_id: string): Promise<Session> {
  const params = { path: { session_id } };
  return asked(() => api.GET("/api/fte/sessions/{session_id}", { params }));
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

export function createPlay(api: Api, first: Session): Play {
  const [session, setSession] = createSignal(first);
  const [ending, setEnding] = createSignal<Ending>("no");
  const [error, setError] = createSignal<unknown>();
  const path = { session_id: first.session_id };
  /** What ended stays so, whatever was answered before and comes late. What is asked doesn't change while it runs, and what is answered the saver knows. */
  const take = (fresh: Session) =>
    setSession((before) => {
      if (!runs(before)) {
        return before;
      }
      return runs(fresh) ? { ...fresh, questions: before.questions } : fresh;
    });

  const saver = createSaver(known(first), {
    send: async ({ id, answer, expected }) => {
      const body = { question_id: id, expected_revision: expected, answer };
      const call = () => api.POST("/api/fte/sessions/{session_id}/answers", { params: { path }, body });
      return (await asked(call, ({ answered_at }) => answered_at)).revision;
    },
    read: async () => {
      const fresh = await load(api, first.session_id);
      take(fresh);
      return { known: known(fresh), runs: runs(fresh) };
    },
  });
  const refresh = async () => {
    const fresh = await load(api, first.session_id).catch(() => undefined);
    if (fresh) {
      saver.adopt(known(fresh), runs(fresh));
      take(fresh);
    }
  };
  const complete = async () => {
    for (let tried = 1; ; tried += 1) {
      try {
        return await asked(() => api.POST("/api/fte/sessions/{session_id}/complete", { params: { path } }));
      } catch (failure) {
        if (tried >= TRIES || !mayPass(failure)) {
          throw failure;
        }
        await pause(PAUSE * 2 ** (tried - 1));
      }
    }
  };
  const end = async () => {
    setEnding("ending");
    try {
      const ended = await complete();
      saver.adopt(known(ended), runs(ended));
      take(ended);
    } catch (failure) {
      setError(failure);
      setEnding("failed");
    }
  };
  let under: Promise<void> | undefined;
  const once = (work: () => Promise<void>) => {
    if (!under && runs(session())) {
      setError(undefined);
      setEnding("ending");
      under = work().finally(() => {
        under = undefined;
      });
    }
    return under ?? Promise.resolve();
  };
  const handIn = (regardless = false) =>
    once(async () => {
      const isSaved = regardless || (await saver.flush(FLUSH));
      await (isSaved ? end() : Promise.resolve(void setEnding("unsaved")));
    });
  // Answers may still be taken until the time is surely over there; what is graded is what was.
  const over = async () => {
    await under;
    await once(async () => {
      await Promise.all([saver.flush(LAST), pause(Math.min(clock.doubt(), MOST_DOUBT))]);
      await end();
    });
  };
  const countdown = createCountdown({
    clock,
    end: () => moment(session().expires_at) ?? 0,
    over: () => void over(),
    woke: () => void refresh(),
  });
  const seen = () => document.visibilityState === "visible" && runs(session()) && void refresh();
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", seen);
  onCleanup(() => {
    window.removeEventListener("online", seen);
    document.removeEventListener("visibilitychange", seen);
    saver.close();
  });
  return { session, saver, countdown, ending, problem: () => problem(error()), handIn };
}
