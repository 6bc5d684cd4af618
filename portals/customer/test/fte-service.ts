//! The tests' service as a saver meets it: it judges answers by revision, and requests are lost as a test says.

import { Refusal } from "../src/views/tests/call";
import { type Flight, type Known, same } from "../src/views/tests/player/saving";
import type { Given } from "../src/views/tests/types";

export const choice = (id: string): Given => ({ choices: [id] });
export const refusal = (status: number, kind: string, wait?: number) =>
  new Refusal({ type: `https://rerp.dev/problems/${kind}` }, status, wait);

export type Fate = "fine" | "lost" | "lost after" | "busy" | "never";

/** The service, as it judges answers by revision. `fates`: what becomes of the next requests. */
export class Service {
  readonly answers = new Map<string, { revision: number; saved: Given | undefined }>();
  fates: Fate[] = [];
  delay = 50;
  runs = true;
  together = 0;
  most = 0;
  readonly sent: Flight[] = [];
  readonly times: number[] = [];
  reads = 0;

  constructor(ids: readonly string[]) {
    for (const id of ids) {
      this.answers.set(id, { revision: 0, saved: undefined });
    }
  }

  known(): Known {
    return Object.fromEntries(Array.from(this.answers, ([id, each]) => [id, { ...each }]));
  }

  save({ id, answer, expected }: Flight): number {
    const present = this.answers.get(id);
    if (!present) {
      throw refusal(422, "invalid-value");
    }
    if (!this.runs) {
      throw refusal(409, "ended");
    }
    if (expected === present.revision) {
      this.answers.set(id, { revision: expected + 1, saved: answer });
      return expected + 1;
    }
    if (same(present.saved, answer) && expected + 1 === present.revision) {
      return present.revision;
    }
    throw refusal(409, "sequence-gap");
  }

  async ask<T>(work: () => T): Promise<T> {
    const fate = this.fates.shift() ?? "fine";
    this.together += 1;
    this.most = Math.max(this.most, this.together);
    try {
      await new Promise((done) => setTimeout(done, this.delay));
      if (fate === "never") {
        await new Promise(() => {});
      }
      if (fate === "lost") {
        throw refusal(0, "network");
      }
      if (fate === "busy") {
        throw refusal(429, "too-many-requests", 3);
      }
      const answer = work();
      if (fate === "lost after") {
        throw refusal(0, "network");
      }
      return answer;
    } finally {
      this.together -= 1;
    }
  }

  readonly ways = {
    send: (flight: Flight) => {
      this.sent.push(flight);
      this.times.push(Date.now());
      return this.ask(() => this.save(flight));
    },
    read: () => {
      this.reads += 1;
      return this.ask(() => ({ known: this.known(), runs: this.runs }));
    },
  };
}
