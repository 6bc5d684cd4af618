//! The gateway, played: it answers as it is told, and leads everything but the API to the program that serves the website, as the real one does on the
//! website's host.

import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { PLANS } from "../plans";

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the API was asked, without what nobody needs. */
export interface Asked {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: unknown;
}

const LEADS = /^\/api\/marketing\/(email-capture|contact)$/;
/** As the real one answers. */
const USUAL: Readonly<Record<string, Answer>> = {
  "GET /api/billing/plans": { status: 200, body: { items: PLANS } },
  "GET /api/marketing/captcha/challenge": { status: 204 },
};

/** A problem, as services tell it. */
export function problem(status: number, kind: string, more: Readonly<Record<string, unknown>> = {}): Answer {
  const body = { type: `https://rerp.dev/problems/${kind}`, title: kind, status, ...more };
  return { status, body, headers: { "content-type": "application/problem+json" } };
}

/** The gateway, and what it has heard. */
export class Gateway {
  /** What it was asked for leads. */
  readonly asked: Asked[] = [];
  /** Answers that differ from the usual ones, by method and path; each is given until it is taken back. */
  readonly told = new Map<string, Answer>();
  /** Plans wait for this. */
  hold: Promise<void> = Promise.resolve();
  /** Where the website is. */
  behind = 0;
  readonly #server: Server = createServer((asked, answer) => void this.#take(asked, answer));

  async listen(): Promise<number> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Forgets what it was told and asked. */
  reset(): void {
    this.asked.length = 0;
    this.told.clear();
    this.hold = Promise.resolve();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #take(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = asked.url ?? "/";
    if (!path.startsWith("/api/")) {
      this.#lead(asked, answer);
      return;
    }
    const body = await text(asked);
    if (path === "/api/billing/plans") {
      await this.hold;
    }
    if (LEADS.test(path)) {
      const key = asked.headers["idempotency-key"];
      this.asked.push({ path, key: typeof key === "string" ? key : undefined, body: JSON.parse(body) });
    }
    const name = `${asked.method} ${path}`;
    const given = this.told.get(name) ?? USUAL[name] ?? { status: 201, body: { lead_id: "0" } };
    answer.writeHead(given.status, { "content-type": "application/json", ...given.headers });
    answer.end(given.status === 204 ? undefined : JSON.stringify(given.body ?? {}));
  }

  #lead(asked: IncomingMessage, answer: ServerResponse): void {
    const { method, url, headers } = asked;
    const on = request({ host: "127.0.0.1", port: this.behind, method, path: url, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    on.on("error", () => answer.destroy());
    asked.pipe(on);
  }
}
