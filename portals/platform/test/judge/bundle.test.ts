//! The built bundle, judged as those of all portals are, and by what it alone holds to.

import { expect, it } from "vitest";
import { built, judge } from "../../../shared/test/bundle";

const bundle = built(new URL("../../dist/", import.meta.url).pathname);

judge(bundle, { app: true, sessions: true, factor: true, cluster: true, guarded: expect.any(Array) });

it("loads no view before it is opened", () => {
  expect(bundle.later.some((file) => bundle.read(file).includes("x-audit-reason"))).toBe(true);
  expect(bundle.first.map(bundle.read).join("")).not.toContain("Why do you look?");
});
