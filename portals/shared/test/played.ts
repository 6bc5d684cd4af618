//! What the portal's program and the API answer, played. In: answers by method and path, as text, a status or a function. Out: what was asked.

import { vi } from "vitest";

export interface Asked {
  readonly name: string;
  readonly token: string | null;
  readonly body: unknown;
  /** What it was asked with: keys, and versions that were meant. */
  readonly headers: Headers;
  readonly query: URLSearchParams;
}
type Answer = Response | Promise<Response> | (() => Response | Promise<Response>);

export const ANN = "0191f7a1-0000-7000-8000-000000000001";

/** A session's answer. Each has another token. */
let count = 0;
export function granted(more: Record<string, unknown> = {}): Response {
  count += 1;
  return Response.json({
    access_token: `token-${count}`,
    expires_in: 3600,
    person: ANN,
    email: "ann@example.com",
    ...more,
  });
}

export function problem(status: number, kind: string, more: Record<string, unknown> = {}): Response {
  return Response.json({ type: `https://rerp.dev/problems/${kind}`, title: kind, status, ...more }, { status });
}

/** Replaces `fetch`. The last answer to a call is given again and again. */
export function play(answers: Record<string, Answer[]>): Asked[] {
  const asked: Asked[] = [];
  const fetch = async (input: Request | string, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(new URL(input, location.origin), init);
    const url = new URL(request.url);
    const name = `${request.method} ${url.pathname}`;
    const text = await request.text();
    asked.push({
      name,
      token: request.headers.get("authorization"),
      body: text ? JSON.parse(text) : undefined,
      headers: request.headers,
      query: url.searchParams,
    });
    const list = answers[name] ?? [];
    const next = list.length > 1 ? list.shift() : list[0];
    if (!next) {
      throw new TypeError(`nobody answers ${name}`);
    }
    const answer = await (typeof next === "function" ? next() : next);
    return answer.clone();
  };
  vi.stubGlobal("fetch", fetch);
  return asked;
}

/** Tabs of one browser talk with each other; here there is one, and others are played. */
export class Channel {
  static last: Channel | undefined;
  readonly said: unknown[] = [];
  onmessage: ((message: { data: unknown }) => void) | null = null;
  constructor(readonly name: string) {
    Channel.last = this;
  }
  postMessage(data: unknown): void {
    this.said.push(data);
  }
  close(): void {}
}
