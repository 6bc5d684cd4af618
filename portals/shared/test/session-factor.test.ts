import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSession, type Session } from "../src/app/session";
import { Channel, granted, play, problem } from "./played";

const REFRESH = "POST /session/refresh";
let session: Session;

function open(): Session {
  session = createSession();
  return session;
}

beforeEach(() => {
  vi.stubGlobal("BroadcastChannel", Channel);
});
afterEach(() => {
  session.close();
  vi.unstubAllGlobals();
});

describe("a second factor", () => {
  it("is between a password and being signed in", async () => {
    const asked = play({
      [REFRESH]: [new Response(null, { status: 204 })],
      "POST /session": [() => Response.json({ factor: "code" }, { status: 202 })],
      "POST /session/factor": [() => problem(422, "code-refused"), () => granted()],
    });
    await open().start();
    expect(await session.signIn("ann@example.com", "secret")).toBeUndefined();
    expect([session.who().state, session.step()]).toEqual(["out", { factor: "code" }]);
    expect(Channel.last?.said).toEqual([]);
    expect((await session.prove("000000"))?.kind).toBe("code-refused");
    expect(session.step()).toEqual({ factor: "code" });
    expect(await session.prove("123456")).toBeUndefined();
    expect([session.who().state, session.step()]).toEqual(["in", undefined]);
    expect(Channel.last?.said).toEqual(["in"]);
    expect(asked.at(-1)?.body).toEqual({ code: "123456" });
  });

  it("is forgotten with the new password when somebody begins again", async () => {
    const asked = play({
      [REFRESH]: [new Response(null, { status: 204 })],
      "POST /session": [() => Response.json({ factor: "code" }, { status: 202 })],
      "POST /session/recovered": [() => Response.json({ factor: "code" }, { status: 202 })],
      "POST /session/factor": [() => granted()],
    });
    await open().recovered("ann@example.com", "123456", "new words");
    session.again();
    expect(session.step()).toBeUndefined();
    await session.signIn("ann@example.com", "secret");
    await session.prove("123456");
    expect(asked.at(-1)?.body).toEqual({ code: "123456" });
  });
});
