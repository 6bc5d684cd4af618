import { describe, expect, it } from "vitest";
import { answered, createApi, problemOf } from "../src/api";

const TYPE = "https://rerp.dev/problems/";

describe("problems", () => {
  it("are read by field", () => {
    const problem = problemOf({
      type: `${TYPE}invalid-value`,
      request_id: "0191f7a1",
      errors: [
        { pointer: "/email", detail: "must be an address" },
        { pointer: "/prices/0/amount", detail: "must be a number!" },
        { pointer: "", detail: "lost" },
        "strange",
      ],
    });
    expect(problem).toEqual({
      kind: "invalid-value",
      request: "0191f7a1",
      fields: { email: "Must be an address.", prices: "Must be a number!" },
    });
  });

  it.each([
    undefined,
    null,
    "text",
    [],
    {},
    { type: 7 },
    { type: `${TYPE}new-kind` },
    { type: "about:blank" },
    { type: `${TYPE}toString` },
  ])("of no known kind are unknown: %j", (body) => {
    expect(problemOf(body).kind).toBe("unknown");
  });
});

describe("calls", () => {
  const ask = (respond: (request: Request) => Promise<Response>) =>
    answered(createApi(respond).GET("/api/billing/plans"));

  it("give what was answered", async () => {
    const seen: string[] = [];
    const answer = await ask(async (request) => {
      seen.push(request.url);
      return Response.json({ items: [] });
    });
    expect(answer).toEqual({ data: { items: [] } });
    expect(seen).toEqual([`${location.origin}/api/billing/plans`]);
  });

  it("give a problem for everything else, and throw nothing", async () => {
    const problem = { type: `${TYPE}too-many-requests`, status: 429 };
    expect(await ask(async () => Response.json(problem, { status: 429 }))).toMatchObject({
      status: 429,
      problem: { kind: "too-many-requests" },
    });
    expect(await ask(async () => new Response("<p>proxy</p>", { status: 502 }))).toMatchObject({
      problem: { kind: "unknown" },
    });
    expect(await ask(() => Promise.reject(new TypeError("offline")))).toMatchObject({
      status: 0,
      problem: { kind: "network" },
    });
  });
});
