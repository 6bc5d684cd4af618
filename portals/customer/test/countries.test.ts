// @vitest-environment node
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CODES } from "../src/views/accounts/countries";

const SOURCE = new URL("../../../services/account/src/domain/country.rs", import.meta.url);

it("countries are those that Account takes", () => {
  const list = /ASSIGNED: &str = "\\\s*([^"]+)"/.exec(readFileSync(SOURCE, "utf8"))?.[1] ?? "";
  expect(list.split(/[\s\\]+/)).toHaveLength(249);
  expect(list.split(/[\s\\]+/).join(" ")).toBe(CODES);
});
