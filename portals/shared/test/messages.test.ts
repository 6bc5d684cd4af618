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

  it("are whole sentences", () => {
    for (const text of [...Object.values(MESSAGES), words("network"), words("unknown")]) {
      expect(text).toMatch(/^[A-Z].*\.$/);
    }
  });
});
