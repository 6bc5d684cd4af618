// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FIT, unfit } from "../src/about/reasons";

const DOCUMENT = new URL("../../../docs/openapi/identity.json", import.meta.url);

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly schema: { readonly pattern?: string } }[];
}

describe("a reason", () => {
  it("is what services take, and nothing else", () => {
    const { paths } = JSON.parse(readFileSync(DOCUMENT, "utf8")) as { paths: Record<string, { get: Operation }> };
    const header = paths["/api/identity/people"]?.get.parameters.find(({ name }) => name === "x-audit-reason");
    expect(header?.schema.pattern).toBe(FIT.source);
  });

  it("is one line that says something", () => {
    expect(["ticket 4711", "abc", "x".repeat(500)].map(unfit)).toEqual([undefined, undefined, undefined]);
    for (const wrong of ["", "ab", "   ", "x".repeat(501)]) {
      expect(unfit(wrong), wrong).toBe("Say why in one line of 3 to 500 characters.");
    }
  });

  it("with other signs is told which, and what to write instead", () => {
    expect(unfit("Müller, Café – Müller")).toBe(
      "This can't be written down: “ü”, “é”, “–”. Write plain letters (A to Z), digits and signs: ae for ä, e for é, - for –.",
    );
    expect(unfit("Cafe\u0301 closed")).toContain("down: “é”. Write");
    expect(unfit("ticket\u00a0\u200b4711")).toContain("down: a sign that nobody sees. Write");
    expect(unfit("Привет 4711")).toContain("“П”, “р”, “и”, “в”, “е” and others. Write");
    expect(unfit("done 👍")).toContain("“👍”");
  });
});
