//! Who it is, and the token that says so to the API, in this tab's memory. In: what the program gives. Out: signals, and a token while it is good, renewed before
//! its end by the server's clock.

import { NETWORK } from "@rerp/shared/api";
import { type Accessor, createSignal } from "solid-js";
import { ask, type Granted } from "./remote";
import { turn } from "./turns";

/** Who it is, as far as that is known. `away`: it can't be asked. */
export type Who =
  | { readonly state: "starting" | "away" | "out" }
  | { readonly state: "in"; readonly person: string; readonly email: string };

/** How long before its end a token is renewed, in milliseconds, and the least of its time that it is used. */
const EARLY = 60_000;
const LEAST = 0.5;
/** The least time between two that are renewed by themselves, however short they are good. */
const PAUSE = 5_000;
/** The longest wait that timers know is 24 days; a token is looked at each day. */
const LONGEST = 24 * 60 * 60_000;
/** After a refresh that failed: how long until the next, and how many there are. */
const AGAIN = 15_000;
const TRIES = 8;

interface Token {
  readonly text: string;
  readonly person: string;
  /** By `performance.now()`, which nobody can set. */
  readonly renew: number;
  readonly end: number;
}

/** Its time counts from before it was asked for: the answer took a while. */
function tokenOf({ access_token: text, expires_in, person }: Granted, asked: number): Token {
  const lasts = expires_in * 1000;
  return { text, person, renew: asked + Math.max(lasts - EARLY, lasts * LEAST), end: asked + lasts };
}

export interface Known {
  readonly who: Accessor<Who>;
  /** Somebody has proved who they are; `asked`: when that was asked for. */
  accept(granted: Granted, asked: number): void;
  leave(): void;
  /** Shows nobody until it is known again who it is. */
  hide(): void;
  /** Asks who it is; once, for all who want to know. */
  refresh(): Promise<void>;
  /** A good token of somebody; `refused`: not this one. */
  token(person: string, refused?: string): string | undefined;
  isDue(): boolean;
  stop(): void;
}

export function createKnown(): Known {
  const [who, setWho] = createSignal<Who>({ state: "starting" });
  let token: Token | undefined;
  let flight: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;

  const stop = () => clearTimeout(timer);
  const schedule = (at: number) => {
    stop();
    timer = setTimeout(() => void refresh(), Math.min(Math.max(at - performance.now(), PAUSE), LONGEST));
  };
  const become = (next: Who) => {
    stop();
    token = undefined;
    setWho(next);
  };
  const accept = (granted: Granted, asked: number) => {
    token = tokenOf(granted, asked);
    tries = 0;
    const { person, email } = granted;
    const isSame = (before: Who) => before.state === "in" && before.person === person && before.email === email;
    setWho((before) => (isSame(before) ? before : { state: "in", person, email }));
    schedule(token.renew);
  };
  /** It couldn't be asked. A token may be good yet; who was known to be out stays so. */
  const failed = () => {
    setWho((before) => (before.state === "starting" ? { state: "away" } : before));
    tries += 1;
    if (token && tries <= TRIES) {
      schedule(performance.now() + AGAIN);
    }
  };
  // A turn that doesn't come is a try that failed.
  const renew = async () => {
    const asked = performance.now();
    const answer = await turn(() => ask("POST", "/session/refresh")).catch(() => ({ problem: NETWORK, status: 0 }));
    flight = undefined;
    if ("data" in answer && answer.data && "person" in answer.data) {
      accept(answer.data, asked);
    } else if ("data" in answer || answer.status === 401) {
      become({ state: "out" });
    } else {
      failed();
    }
  };
  const refresh = (): Promise<void> => {
    flight ??= renew();
    return flight;
  };
  const good = (person: string, refused?: string) => {
    const isGood = token?.person === person && token.text !== refused && performance.now() < token.end;
    return isGood ? token?.text : undefined;
  };
  return {
    who,
    accept,
    leave: () => become({ state: "out" }),
    hide: () => become({ state: "starting" }),
    refresh,
    token: good,
    isDue: () => token !== undefined && performance.now() >= token.renew,
    stop,
  };
}
