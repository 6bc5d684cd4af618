// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FORMS, manifest, names, type SiteForm, TRAP } from "../src/forms";

interface Schema {
  properties: Record<string, { maxLength?: number }>;
  required: string[];
}

const document = JSON.parse(readFileSync(new URL("../../../docs/openapi/marketing.json", import.meta.url), "utf8"));

function schema(route: string): Schema {
  const reference: string = document.paths[route].post.requestBody.content["application/json"].schema.$ref;
  return document.components.schemas[reference.split("/").at(-1) ?? ""];
}

describe.each(Object.entries<SiteForm>(FORMS))("the form %s", (_, form) => {
  const taken = schema(form.to);

  it("sends what its route takes, and no longer than that", () => {
    for (const name of [...names(form), ...Object.keys(form.fixed)]) {
      expect(taken.properties, name).toHaveProperty(name);
    }
    for (const field of form.fields) {
      expect(field.maxlength, field.name).toBeLessThanOrEqual(taken.properties[field.name]?.maxLength ?? 0);
    }
    expect(taken.properties).not.toHaveProperty(TRAP);
  });

  it("asks for all that its route needs", () => {
    const given = [
      ...form.fields.filter((field) => field.required).map((field) => field.name),
      ...Object.keys(form.fixed),
    ];
    expect(given).toEqual(expect.arrayContaining(taken.required));
  });
});

it("the server is told of every form", () => {
  expect(manifest()).toMatchObject({
    forms: {
      trial: {
        to: "/api/marketing/email-capture",
        fixed: { source: "free_trial" },
        fields: ["email", "name", "company", "plan_code", "consent"],
        trap: TRAP,
        thanks: "/thanks",
      },
    },
  });
});
