//! How forms are sent by script: straight to the API, with a key and, where one is asked for, a proof of work. Known and unknown addresses are answered alike: all
//! that is looked at is whether the form was taken.

import { type Api, answered, type Problem } from "@rerp/shared/api";
import type { Proof, Values } from "@rerp/shared/form";
import type { SiteForm } from "../forms";

/** Sends a form. Nothing comes back when it was taken. */
export async function send(
  api: Api,
  form: SiteForm,
  proof: Proof,
  values: Values,
  key: string,
): Promise<Problem | undefined> {
  const token = await proof.take();
  const body = { ...values, ...form.fixed, ...(token ? { recaptcha_token: token } : {}) };
  const params = { header: { "Idempotency-Key": key } };
  // The table's fields are those of the routes; the document can't be asked by a name that is known at run time only.
  const answer =
    form.to === "/api/marketing/contact"
      ? await answered(api.POST(form.to, { params, body: body as never }))
      : await answered(api.POST(form.to, { params, body: body as never }));
  return "problem" in answer ? answer.problem : undefined;
}
