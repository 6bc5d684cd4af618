//! Calls of these views. In: a call that the compiler knows. Out: its data, or a `Refusal`, which keeps what `Failure` leaves out; and the clock learns from every answer.

import { NETWORK, problemOf } from "@rerp/shared/api";
import { Failure } from "@rerp/shared/app";
import { createClock, moment } from "./clock";

/** The server's time: one for all of these views. */
export const clock = createClock();

/** Why there is no data, with what the service says for programs to read. */
export class Refusal extends Failure {
  constructor(
    body: unknown,
    status: number,
    /** Seconds after which trying again may help; none where nothing is said. */
    readonly wait?: number | undefined,
  ) {
    super(status === 0 ? NETWORK : problemOf(body), status);
    this.detail = detailOf(body);
  }
  /** The service's own words. They are read, and never shown. */
  readonly detail: string;
}

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What a call gives. `past`: a moment in the data that had been when it was answered. */
export async function asked<T>(call: () => Promise<Answered<T>>, past?: (data: T) => string | null): Promise<T> {
  const sent = performance.now();
  const answer = await call().catch(() => undefined);
  if (!answer) {
    throw new Refusal(undefined, 0);
  }
  const { data, error, response } = answer;
  const received = performance.now();
  const known = response.ok && data !== undefined && past ? moment(past(data)) : undefined;
  clock.saw({ sent, received, date: moment(response.headers.get("date")), past: known });
  if (!response.ok) {
    throw new Refusal(error, response.status, seconds(response.headers.get("retry-after")));
  }
  return data as T;
}

/** `Retry-After` in seconds; dates are none of ours. */
function seconds(text: string | null): number | undefined {
  return text && /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}

function detailOf(body: unknown): string {
  const detail = typeof body === "object" && body !== null && "detail" in body ? body.detail : undefined;
  return typeof detail === "string" ? detail : "";
}

/** Whether nothing is known of what became of it, or it may go by itself. */
export function mayPass(error: unknown): boolean {
  const status = error instanceof Failure ? error.status : undefined;
  return status !== undefined && (status === 0 || status === 408 || status === 429 || status >= 500);
}

/** The problem of anything that was thrown. */
export function problem(error: unknown): Failure["problem"] | undefined {
  if (!error) {
    return undefined;
  }
  return error instanceof Failure ? error.problem : { kind: "unknown", fields: {} };
}
