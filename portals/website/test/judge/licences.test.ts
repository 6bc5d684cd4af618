//! Under which licences others let us send their work to browsers. What only builds and tests isn't sent.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const ALLOWED = ["MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "OFL-1.1"];

interface Locked {
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly license?: string;
}

it("are permissive", () => {
  const lock = JSON.parse(readFileSync(new URL("../../../package-lock.json", import.meta.url), "utf8"));
  const sent = Object.entries<Locked>(lock.packages).filter(([name, one]) => {
    return name.startsWith("node_modules/") && !one.dev && !one.link;
  });
  expect(sent.length).toBeGreaterThan(5);
  const others = sent.filter(([, { license }]) => !ALLOWED.includes(license ?? "none"));
  expect(others.map(([name, { license }]) => `${name}: ${license}`)).toEqual([]);
});
