//! The website as it is served: the program itself with the built bundle, behind a gateway that is played. In: `RERP_PORTAL`, the program. Out: an origin.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Gateway } from "./told";

const BUNDLE = new URL("../../dist/", import.meta.url).pathname;
/** The program is there in less than a second, on a machine that does nothing else. */
const SOON = 30_000;
const PAUSE = 50;

/** The website. */
export interface Site {
  readonly origin: string;
  readonly gateway: Gateway;
  close(): Promise<void>;
}

/** A path that the environment has to name. */
export function named(variable: string): string {
  const path = process.env[variable];
  if (!path) {
    throw new Error(`${variable} is not set; cargo xtask test --only portals sets it`);
  }
  return path;
}

export async function open(): Promise<Site> {
  const gateway = new Gateway();
  const front = await gateway.listen();
  const program = await start({ RERP_PORTAL_BUNDLE: BUNDLE, RERP_GATEWAY_URL: `http://127.0.0.1:${front}` });
  gateway.behind = program.port;
  const close = async () => {
    gateway.close();
    await program.close();
  };
  return { origin: `http://127.0.0.1:${front}`, gateway, close };
}

/** The program, ready, with these settings. */
export async function start(
  settings: Readonly<Record<string, string>>,
): Promise<{ port: number; close(): Promise<void> }> {
  const [port, admin] = [await free(), await free()];
  const program = spawn(named("RERP_PORTAL"), ["serve"], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...settings, RERP_HTTP_ADDR: `127.0.0.1:${port}`, RERP_ADMIN_ADDR: `127.0.0.1:${admin}` },
  });
  await ready(program, `http://127.0.0.1:${admin}/readyz`);
  const close = async () => {
    program.kill();
    if (program.exitCode === null) {
      await once(program, "exit");
    }
  };
  return { port, close };
}

/** A port that nobody has. */
async function free(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

async function ready(program: ChildProcess, url: string): Promise<void> {
  const until = Date.now() + SOON;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
    if (program.exitCode !== null || Date.now() > until) {
      program.kill();
      throw new Error("the portal's program is not ready");
    }
    await pause(PAUSE);
  }
}
