import { webcrypto } from "node:crypto";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Api, Challenge } from "../src/api";
import { createKeys, createProof, solve, uuid } from "../src/form";

beforeAll(() => {
  // What browsers have on pages with TLS, and the tests' document has not.
  vi.stubGlobal("crypto", webcrypto);
});

describe("keys", () => {
  it("are UUIDs of version 4, each another", () => {
    const keys = Array.from({ length: 100 }, uuid);
    for (const key of keys) {
      expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("stay while what is sent stays, and change with it", () => {
    const keyOf = createKeys();
    const first = keyOf({ email: "a" });
    expect(keyOf({ email: "a" })).toBe(first);
    expect(keyOf({ email: "b" })).not.toBe(first);
  });
});

/** `salt` and 1234, as marketing poses it. */
async function posed(): Promise<Challenge> {
  const digest = await webcrypto.subtle.digest("SHA-256", new TextEncoder().encode("salt?expires=9&1234"));
  const challenge = Buffer.from(digest).toString("hex");
  return { algorithm: "SHA-256", challenge, maxnumber: 2000, salt: "salt?expires=9&", signature: "signed" };
}

describe("proofs of work", () => {
  it("hold the number that was looked for", async () => {
    const solution = JSON.parse(atob((await solve(await posed())) ?? ""));
    expect(solution).toEqual({ ...(await posed()), maxnumber: undefined, number: 1234 });
  });

  it("are none where there is nothing to find", async () => {
    expect(await solve({ ...(await posed()), maxnumber: 1000 })).toBeUndefined();
    expect(await solve({ ...(await posed()), algorithm: "SHA-1" })).toBeUndefined();
  });

  it("are used once, and not when they are old", async () => {
    const asked = vi.fn(async () => ({ data: await posed(), response: new Response() }));
    let now = 0;
    const proof = createProof({ GET: asked } as unknown as Api, () => now);
    proof.begin();
    proof.begin();
    expect(await proof.take()).toBeDefined();
    expect(asked).toHaveBeenCalledTimes(1);
    await proof.take();
    expect(asked).toHaveBeenCalledTimes(2);
    proof.begin();
    now += 16 * 60_000;
    await proof.take();
    expect(asked).toHaveBeenCalledTimes(4);
  });

  it("are none where nobody asks for one", async () => {
    const none = async () => ({ response: new Response(null, { status: 204 }) });
    expect(await createProof({ GET: none } as unknown as Api).take()).toBeUndefined();
  });
});
