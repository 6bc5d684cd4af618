// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MESSAGES, words } from "../src/api";

const CATALOGUE = new URL("../../../services/kit/src/problem/catalogue.rs", import.meta.url);

describe("words for problems", () => {
  it("are there for every kind that services know, and for no other", () => {
    const source = readFileSync(CATALOGUE, "utf8");
    const slugs = Array.from(source.matchAll(/Kind::new\(\s*"([a-z-]+)"/g), (found) => found[1]);
    expect(slugs.length).toBeGreaterThan(30);
    expect(Object.keys(MESSAGES).sort()).toEqual([...slugs].sort());
  });

  it("are a portal's own where it has some, and everybody's otherwise", () => {
    expect(words("not-permitted")).toContain("an owner of the account");
    const own = { "not-permitted": "Not with your role." };
    expect([words("not-permitted", own), words("ended", own)]).toEqual(["Not with your role.", MESSAGES.ended]);
  });

  it("are whole sentences", () => {
    for (const text of [...Object.values(MESSAGES), words("network"), words("unknown")]) {
      expect(text).toMatch(/^[A-Z].*\.$/);
    }
  });
});
