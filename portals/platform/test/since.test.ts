// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { begin } from "../src/views/audit/since";

const DOCUMENTS = new URL("../../../docs/openapi/", import.meta.url);

interface Document {
  readonly components: {
    readonly schemas: { readonly StaffAccess: { readonly properties: { readonly id: Record<string, string> } } };
  };
}

describe("where the trail begins", () => {
  it("is the least identifier of a moment", () => {
    const now = Date.parse("2026-11-29T10:00:00Z");
    expect(begin("hour", now)).toEqual({ cursor: "01a22688-5a80-7000-8000-000000000000" });
    expect(begin("beginning", now)).toEqual({});
  });

  it.each(["identity", "marketing"])("is so because %s gives identifiers in the order of time", (service) => {
    const text = readFileSync(new URL(`${service}.json`, DOCUMENTS), "utf8");
    const { id } = (JSON.parse(text) as Document).components.schemas.StaffAccess.properties;
    expect(id).toMatchObject({ description: "In the order of time.", format: "uuid" });
  });
});
