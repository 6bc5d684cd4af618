//! The built bundle, judged as those of all portals are, and by what it alone holds to.

import { expect, it } from "vitest";
import { built, judge } from "../../../shared/test/bundle";

const bundle = built(new URL("../../dist/", import.meta.url).pathname);

judge(bundle, { app: true, sessions: true, payments: true });

it("loads no view before it is opened", () => {
  expect(bundle.first.map(bundle.read).join("")).not.toContain("What you have proved");
});

it("has nothing of what those who run the platform see", () => {
  for (const file of bundle.files.filter((file) => file.endsWith(".js"))) {
    expect(bundle.read(file), file).not.toMatch(/x-audit-reason|Why do you look/);
  }
});
