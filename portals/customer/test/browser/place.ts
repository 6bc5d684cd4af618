//! The portal as it is served: the program itself with the built bundle, behind a gateway that is played, and with a Supabase that is. In: `RERP_PORTAL`. Out: an
//! origin.

import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { start } from "../../../website/test/browser/site";

const BUNDLE = new URL("../../dist/", import.meta.url).pathname;
export const ANN = "0191f7a1-0000-7000-8000-000000000001";
export const EMAIL = "ann@example.com";
export const PASSWORD = "correct horse battery";
const STATUS = {
  human_name_id: ANN,
  email_verified: true,
  email_verified_at: "2026-11-01T00:00:00Z",
  phone_verified: false,
  phone_verified_at: null,
  both_verified: false,
};

/** Supabase, as far as one person needs it. A refresh token is good as long as it is the present one or the one before. */
class Supabase {
  /** Of refresh tokens that were given out; 0: nobody is signed in. */
  #count = 0;
  /** How long tokens are good, in seconds. */
  lasts = 3600;
  readonly refreshes: number[] = [];

  answer(path: string, body: Record<string, string>): [number, unknown] {
    if (path.endsWith("grant_type=password")) {
      const isRight = body.email === EMAIL && body.password === PASSWORD;
      return isRight ? this.#grant() : [400, { code: "invalid_credentials", message: "Invalid login credentials" }];
    }
    if (path.endsWith("grant_type=refresh_token")) {
      const shown = Number(body.refresh_token?.split("-")[1]);
      this.refreshes.push(shown);
      const isGood = this.#count > 0 && shown >= this.#count - 1;
      return isGood ? this.#grant() : [400, { code: "refresh_token_already_used", message: "Already Used" }];
    }
    if (path.includes("/logout")) {
      this.#count = 0;
      return [204, undefined];
    }
    return [404, {}];
  }

  #grant(): [number, unknown] {
    this.#count += 1;
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = [part({ alg: "ES256" }), part({ sub: ANN, count: this.#count }), "AAAA"].join(".");
    const grant = { access_token: token, refresh_token: `refresh-${this.#count}`, expires_in: this.lasts };
    return [200, { ...grant, user: { email: EMAIL } }];
  }
}

/** The portal. */
export interface Place {
  readonly origin: string;
  readonly supabase: Supabase;
  close(): Promise<void>;
}

export async function open(): Promise<Place> {
  const supabase = new Supabase();
  let behind = 0;
  const server = createServer(async (asked, answer) => {
    const path = asked.url ?? "/";
    if (path.startsWith("/supabase/")) {
      const [status, body] = supabase.answer(path, JSON.parse((await text(asked)) || "{}"));
      tell(answer, status, body);
    } else if (path.startsWith("/api/")) {
      const isKnown = asked.headers.authorization?.startsWith("Bearer ");
      tell(answer, isKnown ? 200 : 401, isKnown ? STATUS : { type: "https://rerp.dev/problems/not-signed-in" });
    } else {
      lead(asked, answer, behind);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const program = await start({
    RERP_PORTAL_BUNDLE: BUNDLE,
    RERP_AUTH_PROJECT: `${origin}/supabase`,
    RERP_AUTH_KEY: "sb_publishable_tests",
    RERP_SESSION_KEY: "a key for tests that is long enough to be one",
  });
  behind = program.port;
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await program.close();
  };
  return { origin, supabase, close };
}

function tell(answer: ServerResponse, status: number, body: unknown): void {
  answer.writeHead(status, { "content-type": "application/json" });
  answer.end(body === undefined ? undefined : JSON.stringify(body));
}

function lead(asked: IncomingMessage, answer: ServerResponse, port: number): void {
  const { method, url, headers } = asked;
  const on = request({ host: "127.0.0.1", port, method, path: url, headers }, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.pipe(answer);
  });
  on.on("error", () => answer.destroy());
  asked.pipe(on);
}
