//! The portal's own program, which holds the session. In: what somebody shows. Out: an access token, or a problem; never an exception. The cookie goes by itself.

import { type Answer, answered, type Problem, problemOf } from "@rerp/shared/api";

/** What signing in and refreshing give. */
export interface Granted {
  /** For the API. It stays in memory. */
  readonly access_token: string;
  /** How long it is good, in seconds, by the server's clock. */
  readonly expires_in: number;
  /** Whose it is. */
  readonly person: string;
  /** Their address; empty where there is none. */
  readonly email: string;
}

/** What a portal for staff asks for beside a password. */
export type Factor =
  | { readonly factor: "code" }
  /** There is none yet: this is a new one's, as an address for programs and as a text for people. */
  | { readonly factor: "enrol"; readonly uri: string; readonly secret: string };

/** How long an answer may take, in milliseconds. */
const PATIENCE = 15_000;

/** Asks. No data: nobody is signed in, or there is nothing to say. */
export function ask(
  method: "POST" | "DELETE",
  path: string,
  body: Readonly<Record<string, string>> = {},
): Promise<Answer<Granted | Factor | undefined>> {
  const headers = { "content-type": "application/json" };
  const signal = AbortSignal.timeout(PATIENCE);
  const sent = fetch(path, { method, headers, body: JSON.stringify(body), signal, credentials: "same-origin" });
  return answered(sent.then(read));
}

async function read(response: Response): Promise<{ data?: Granted | Factor; error?: unknown; response: Response }> {
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    return { error: body, response };
  }
  return isGranted(body) || isFactor(body) ? { data: body, response } : { response };
}

function isGranted(body: unknown): body is Granted {
  const found = body as Partial<Granted> | undefined;
  return (
    typeof found?.access_token === "string" && typeof found.expires_in === "number" && typeof found.person === "string"
  );
}

function isFactor(body: unknown): body is Factor {
  const found = body as Partial<Record<string, unknown>> | undefined;
  return (
    found?.factor === "code" ||
    (found?.factor === "enrol" && typeof found.uri === "string" && typeof found.secret === "string")
  );
}

/** What went wrong, if anything did. */
export function wrong(answer: Answer<unknown>): Problem | undefined {
  return "problem" in answer ? answer.problem : undefined;
}

/** Something that should be in an answer isn't. */
export const STRANGE: Problem = problemOf(undefined);
