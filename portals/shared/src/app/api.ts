//! The API, for whoever is signed in, and how views ask it. In: calls that the compiler knows. Out: data; or a `Failure`, which says what to tell people.

import { type Api, answered, createApi, type Problem, problemOf } from "@rerp/shared/api";
import { QueryClient } from "@tanstack/solid-query";
import { createContext, useContext } from "solid-js";
import type { Session } from "./session";

/**
 * The API for one person, with their session's token: what was begun as somebody is never sent as somebody else, and nothing is sent without a token. A token that
 * isn't taken is renewed once: the gateway has refused before anything was done. `patience`: how long an answer may take, where it is longer than others, in
 * milliseconds.
 */
export function createPersonalApi(session: Session, person: string, patience?: number): Api {
  return createApi(async (request) => {
    const again = request.clone();
    const token = await session.token(person);
    if (!token) {
      throw new TypeError("there is no token now");
    }
    const answer = await fetch(shown(request, token));
    if (answer.status !== 401) {
      return answer;
    }
    const next = await session.token(person, token);
    return next ? fetch(shown(again, next)) : answer;
  }, patience);
}

function shown(request: Request, token: string): Request {
  request.headers.set("authorization", `Bearer ${token}`);
  return request;
}

/** Why there is no data. */
export class Failure extends Error {
  constructor(
    readonly problem: Problem,
    /** 0: there was no answer. */
    readonly status: number,
  ) {
    super(problem.kind);
  }
}

/** What a call gives, for a query or a mutation. */
export async function taken<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const answer = await answered(call);
  if ("problem" in answer) {
    throw new Failure(answer.problem, answer.status);
  }
  return answer.data as T;
}

/** What is there, or null where nothing is. */
export async function orNone<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Failure && error.status === 404) {
      return null;
    }
    throw error;
  }
}

/** What to tell people of something that was thrown. */
export function problemIn(error: unknown): Problem {
  return error instanceof Failure ? error.problem : problemOf(undefined);
}

/** Tries something: what went wrong with it, if anything did. */
export async function attempt(work: () => Promise<unknown>): Promise<Problem | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return problemIn(error);
  }
}

/** A list, whole as far as anybody looks through it. */
export interface Listed<T> {
  readonly items: readonly T[];
  /** There are more than were asked for. */
  readonly isCut: boolean;
}

/** Rows of a page, and pages of a list, at most. */
export const ROWS = 100;
const PAGES = 10;

/** Asks for page after page. */
export async function every<T>(
  page: (cursor: { readonly cursor?: string }) => Promise<{ items: T[]; next_cursor?: string | null }>,
): Promise<Listed<T>> {
  const items: T[] = [];
  let cursor: { readonly cursor?: string } = {};
  for (let count = 0; count < PAGES; count += 1) {
    const answer = await page(cursor);
    items.push(...answer.items);
    if (!answer.next_cursor) {
      return { items, isCut: false };
    }
    cursor = { cursor: answer.next_cursor };
  }
  return { items, isCut: true };
}

/** How often a query is asked again, of what may go by itself: no answer, and trouble on the other side. */
const AGAIN = 2;
const FRESH = 30_000;

export function createQueries(): QueryClient {
  const retry = (count: number, error: unknown) =>
    count < AGAIN && error instanceof Failure && (error.status === 0 || error.status >= 500);
  // A browser's word that it is offline is not believed: a call says so itself, with words, and nothing waits in silence.
  const networkMode = "always";
  return new QueryClient({
    defaultOptions: { queries: { retry, staleTime: FRESH, networkMode }, mutations: { networkMode } },
  });
}

const Context = createContext<Api>();
export const ApiProvider = Context.Provider;

export function useApi(): Api {
  const api = useContext(Context);
  if (!api) {
    throw new Error("a view asks for the API outside of ApiProvider");
  }
  return api;
}
