//! The two things that are proved, and how the API is asked about each.

import type { Api, IdentitySchemas } from "@rerp/shared/api";
import { taken } from "@rerp/shared/app";
import type { FieldSpec } from "@rerp/shared/ui";

export type CodeSent = IdentitySchemas["CodeSent"];

/** What is proved, and how. All throw a `Failure`. */
export interface Proof {
  readonly name: "email" | "phone";
  /** For sentences: `your e-mail address`. */
  readonly what: string;
  /** Where the code comes: `mail`. */
  readonly by: string;
  readonly field: FieldSpec;
  /** Makes a contact the person's. */
  register(contact: string, key: string): Promise<void>;
  start(contact: string): Promise<CodeSent>;
  check(contact: string, code: string): Promise<void>;
}

/** A number as people write it, as the API takes it. */
const NUMBER: FieldSpec = {
  name: "phone_number",
  label: "Mobile number",
  type: "tel",
  autocomplete: "tel",
  required: true,
  maxlength: 40,
  hint: "With the code of its country, such as +44 7700 900123.",
};
const ADDRESS: FieldSpec = {
  name: "email",
  label: "E-mail address",
  type: "email",
  autocomplete: "email",
  required: true,
  maxlength: 254,
};

/** Which version of a person is there now, as `If-Match` takes it. */
async function version(api: Api, human_name_id: string): Promise<string> {
  const human = await taken(api.GET("/api/identity/user/{human_name_id}", { params: { path: { human_name_id } } }));
  return `"${human.version}"`;
}

export function emailProof(api: Api, human_name_id: string): Proof {
  return {
    name: "email",
    what: "your e-mail address",
    by: "mail",
    field: ADDRESS,
    register: async (email, key) => {
      const header = { "If-Match": await version(api, human_name_id), "Idempotency-Key": key };
      const params = { path: { human_name_id }, header };
      await taken(api.PUT("/api/identity/user/{human_name_id}/email", { params, body: { email } }));
    },
    start: async (email) => (await taken(api.POST("/api/identity/verify/email", { body: { email } }))) as CodeSent,
    check: async (email, code) => {
      await taken(api.POST("/api/identity/verify/email", { body: { email, code } }));
    },
  };
}

export function phoneProof(api: Api, human_name_id: string): Proof {
  return {
    name: "phone",
    what: "your mobile number",
    by: "text message",
    field: NUMBER,
    register: async (phone_number, key) => {
      const header = { "If-Match": await version(api, human_name_id), "Idempotency-Key": key };
      const params = { path: { human_name_id }, header };
      await taken(api.PUT("/api/identity/user/{human_name_id}/mobile", { params, body: { phone_number } }));
    },
    start: async (phone_number) => {
      const body = { human_name_id, phone_number };
      return (await taken(api.POST("/api/identity/verify/phone", { body }))) as CodeSent;
    },
    check: async (phone_number, code) => {
      await taken(api.POST("/api/identity/verify/phone", { body: { human_name_id, phone_number, code } }));
    },
  };
}
