import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPersonalApi, createQueries, Failure, taken } from "../src/app/api";
import { createSession, type Session } from "../src/app/session";
import { ANN, Channel, granted, play, problem } from "./played";

const REFRESH = "POST /session/refresh";
let session: Session;

function open(): Session {
  session = createSession();
  return session;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  vi.stubGlobal("BroadcastChannel", Channel);
});
afterEach(() => {
  session.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("who it is", () => {
  it.each([
    ["somebody for a cookie", () => granted(), "in"],
    ["nobody without one", () => new Response(null, { status: 204 }), "out"],
    ["nobody when the session is over", () => problem(401, "not-signed-in"), "out"],
    ["not known when it can't be asked", () => problem(503, "dependency-unavailable"), "away"],
    ["not known without a network", () => Promise.reject(new TypeError("offline")), "away"],
  ])("is %s", async (_, answer, state) => {
    play({ [REFRESH]: [answer] });
    expect(open().who().state).toBe("starting");
    await session.start();
    expect(session.who().state).toBe(state);
  });

  it("is asked again after it couldn't be", async () => {
    play({ [REFRESH]: [() => problem(503, "dependency-unavailable"), () => granted()] });
    await open().start();
    const again = session.start();
    expect(session.who().state).toBe("starting");
    await again;
    expect(session.who()).toMatchObject({ state: "in", person: ANN, email: "ann@example.com" });
  });

  it("stays what it was when nobody can be asked later", async () => {
    play({ [REFRESH]: [new Response(null, { status: 204 }), () => problem(503, "dependency-unavailable")] });
    await open().start();
    Channel.last?.onmessage?.({ data: "in" });
    await session.start();
    expect(session.who().state).toBe("out");
  });

  it("has another address as soon as the program says so", async () => {
    play({ [REFRESH]: [() => granted(), () => granted({ email: "ann@new.example.com" })] });
    await open().start();
    await session.start();
    expect(session.who()).toMatchObject({ person: ANN, email: "ann@new.example.com" });
  });

  it("is asked anew by a page that comes back from a browser's memory, which shows nobody until then", async () => {
    play({ [REFRESH]: [() => granted(), () => granted({ person: "other" })] });
    await open().start();
    window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false }));
    expect(session.who()).toMatchObject({ state: "in", person: ANN });
    window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    expect(session.who().state).toBe("starting");
    await session.start();
    expect(session.who()).toMatchObject({ state: "in", person: "other" });
  });

  it("is kept in no storage", async () => {
    play({ [REFRESH]: [() => granted()] });
    await open().start();
    expect(localStorage.length + sessionStorage.length).toBe(0);
    expect(document.cookie).toBe("");
  });
});

describe("a token", () => {
  it("is renewed before its end by the server's clock, whatever the browser's says", async () => {
    vi.setSystemTime(new Date("2001-01-01T00:00:00Z"));
    const asked = play({ [REFRESH]: [() => granted()] });
    await open().start();
    const first = await session.token(ANN);
    await vi.advanceTimersByTimeAsync(3_539_000);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toHaveLength(2);
    expect(await session.token(ANN)).not.toBe(first);
    expect(session.who().state).toBe("in");
  });

  it("is asked for once by all who want one", async () => {
    const asked = play({ [REFRESH]: [() => granted()] });
    open();
    const all = await Promise.all([session.token(ANN), session.token(ANN), session.start()]);
    expect(asked).toHaveLength(1);
    expect(all[0]).toBe(all[1]);
  });

  it("stays while it is good when it can't be renewed, and is tried for a bounded number of times", async () => {
    const asked = play({ [REFRESH]: [() => granted(), () => problem(503, "dependency-unavailable")] });
    await open().start();
    await vi.advanceTimersByTimeAsync(3_541_000);
    expect(session.who().state).toBe("in");
    expect(await session.token(ANN)).toBeDefined();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(asked.length).toBeLessThanOrEqual(10);
    expect(await session.token(ANN), "its end has come").toBeUndefined();
  });

  it("is tried for again when its turn among tabs didn't come", async () => {
    let isFull = false;
    const request = (_name: string, _options: unknown, work: () => Promise<unknown>) =>
      isFull ? Promise.reject(new DOMException("timed out", "TimeoutError")) : work();
    vi.stubGlobal("navigator", { locks: { request } });
    const asked = play({ [REFRESH]: [() => granted()] });
    await open().start();
    isFull = true;
    await vi.advanceTimersByTimeAsync(3_541_000);
    isFull = false;
    await vi.advanceTimersByTimeAsync(16_000);
    expect(asked).toHaveLength(2);
    expect(session.who().state).toBe("in");
  });

  it("that is good for no time isn't asked for without a pause", async () => {
    const asked = play({ [REFRESH]: [() => granted({ expires_in: 0 })] });
    await open().start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.length).toBeLessThanOrEqual(13);
  });

  it("is none any more when the session is over", async () => {
    play({ [REFRESH]: [() => granted(), () => problem(401, "not-signed-in")] });
    await open().start();
    await vi.advanceTimersByTimeAsync(3_541_000);
    expect(session.who().state).toBe("out");
    expect(await session.token(ANN)).toBeUndefined();
  });
});

describe("signing in and out", () => {
  it("tells other tabs", async () => {
    const asked = play({
      "POST /session": [() => granted()],
      "DELETE /session": [new Response(null, { status: 204 })],
    });
    expect(await open().signIn("ann@example.com", "secret")).toBeUndefined();
    expect(session.who().state).toBe("in");
    expect(await session.signOut()).toBeUndefined();
    expect(session.who().state).toBe("out");
    expect(Channel.last?.said).toEqual(["in", "out"]);
    expect(asked.map(({ name }) => name)).toEqual(["POST /session", "DELETE /session"]);
  });

  it("by a code begins when the new password is taken, and not before", async () => {
    const asked = play({
      "POST /session/recovered": [() => problem(422, "invalid-value"), () => granted()],
      [REFRESH]: [new Response(null, { status: 204 })],
    });
    await open().start();
    expect((await session.recovered("ann@example.com", "123456", "a"))?.kind).toBe("invalid-value");
    expect(session.who().state).toBe("out");
    expect(await session.recovered("ann@example.com", "123456", "new")).toBeUndefined();
    expect(session.who().state).toBe("in");
    expect(Channel.last?.said).toEqual(["in"]);
    expect(asked.at(-1)?.body).toEqual({ email: "ann@example.com", code: "123456", password: "new" });
  });

  it("out does what is to be done before views hear of it, and only if it went well", async () => {
    const seen: string[] = [];
    play({
      [REFRESH]: [() => granted()],
      "DELETE /session": [() => Promise.reject(new TypeError("offline")), new Response(null, { status: 204 })],
    });
    await open().start();
    await session.signOut(() => seen.push(session.who().state));
    expect(seen).toEqual([]);
    await session.signOut(() => seen.push(session.who().state));
    expect(seen).toEqual(["in"]);
  });

  it("gives the problem of a wrong password, and changes nothing", async () => {
    play({
      "POST /session": [() => problem(422, "credentials-refused")],
      [REFRESH]: [new Response(null, { status: 204 })],
    });
    await open().start();
    expect((await session.signIn("ann@example.com", "wrong"))?.kind).toBe("credentials-refused");
    expect(session.who().state).toBe("out");
  });

  it("out is not believed where nobody was reached: the cookie is still there", async () => {
    play({ [REFRESH]: [() => granted()], "DELETE /session": [() => Promise.reject(new TypeError("offline"))] });
    await open().start();
    expect((await session.signOut())?.kind).toBe("network");
    expect(session.who().state).toBe("in");
  });

  it("follows what other tabs do", async () => {
    play({ [REFRESH]: [() => granted(), () => granted({ person: "other" })] });
    await open().start();
    Channel.last?.onmessage?.({ data: "out" });
    expect(session.who().state).toBe("out");
    Channel.last?.onmessage?.({ data: "in" });
    await session.token("other");
    expect(session.who()).toMatchObject({ state: "in", person: "other" });
  });

  it("waits for its turn among tabs", async () => {
    const order: string[] = [];
    const request = async (name: string, _options: unknown, work: () => Promise<unknown>) => {
      order.push(name);
      return work();
    };
    vi.stubGlobal("navigator", { locks: { request } });
    play({ [REFRESH]: [() => granted()], "DELETE /session": [new Response(null, { status: 204 })] });
    await open().start();
    await session.signOut();
    expect(order).toEqual(["rerp-session", "rerp-session"]);
  });
});

describe("the API", () => {
  const STATUS = `GET /api/identity/verification-status/${ANN}`;
  const call = () =>
    createPersonalApi(session, ANN).GET("/api/identity/verification-status/{human_name_id}", {
      params: { path: { human_name_id: ANN } },
    });

  it("gets the token, and once another one when it refuses that", async () => {
    const asked = play({ [REFRESH]: [() => granted()], [STATUS]: [problem(401, "not-signed-in"), Response.json({})] });
    await open().start();
    expect((await call()).response.status).toBe(200);
    const tokens = asked.filter(({ name }) => name === STATUS).map(({ token }) => token);
    expect(tokens).toHaveLength(2);
    expect(new Set(tokens).size).toBe(2);
    expect(tokens[0]).toMatch(/^Bearer token-/);
  });

  it("is not asked for ever", async () => {
    const asked = play({ [REFRESH]: [() => granted()], [STATUS]: [() => problem(401, "not-signed-in")] });
    await open().start();
    expect((await call()).response.status).toBe(401);
    expect(asked.filter(({ name }) => name === STATUS)).toHaveLength(2);
  });

  it("is asked as the person it was made for, or not at all", async () => {
    const asked = play({
      [REFRESH]: [() => granted(), () => granted({ person: "other" })],
      [STATUS]: [problem(401, "not-signed-in"), Response.json({})],
    });
    await open().start();
    // Refused, and meanwhile somebody else has signed in.
    expect((await call()).response.status).toBe(401);
    expect(session.who()).toMatchObject({ person: "other" });
    await expect(taken(call())).rejects.toMatchObject(new Failure({ kind: "network", fields: {} }, 0));
    expect(asked.filter(({ name }) => name === STATUS)).toHaveLength(1);
  });

  it("is not asked without a token", async () => {
    const asked = play({ [REFRESH]: [() => granted(), () => problem(503, "dependency-unavailable")] });
    await open().start();
    await vi.advanceTimersByTimeAsync(3_700_000);
    expect(session.who().state).toBe("in");
    await expect(taken(call())).rejects.toMatchObject({ status: 0, problem: { kind: "network" } });
    expect(asked.filter(({ name }) => name === STATUS)).toEqual([]);
  });

  it("is asked whatever a browser says of its network", () => {
    const { queries, mutations } = createQueries().getDefaultOptions();
    expect([queries?.networkMode, mutations?.networkMode]).toEqual(["always", "always"]);
  });
});
