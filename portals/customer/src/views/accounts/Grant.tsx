//! Giving a role to somebody who is known by their number.

import type { Problem } from "@rerp/shared/api";
import { attempt, Form, taken, useApi } from "@rerp/shared/app";
import { ROLES, type Role } from "@rerp/shared/people";
import type { FieldSpec } from "@rerp/shared/ui";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, type JSX } from "solid-js";
import { ACCOUNTS } from "./queries";

/** The roles that may be given. */
export function roleField(mayOwn: boolean): FieldSpec {
  const choices = ROLES.filter(({ value }) => value !== "owner" || mayOwn).map(({ value, label, may }) => ({
    value,
    label: `${label}: ${may}`,
  }));
  return { name: "role", label: "Role", required: true, maxlength: 10, value: "member", choices };
}

const WHO: FieldSpec = {
  name: "human_name_id",
  label: "Number of the person",
  required: true,
  maxlength: 36,
  hint: "36 characters. Others find theirs under “You”. Invite those whose address you know instead.",
};

export function Grant(props: { readonly account: string; readonly mayOwn: boolean }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const [said, setSaid] = createSignal("");
  const send = async (values: Readonly<Record<string, string>>, key: string): Promise<Problem | undefined> => {
    setSaid("");
    const params = { path: { account_id: props.account }, header: { "Idempotency-Key": key } };
    const body = { human_name_id: (values.human_name_id ?? "").toLowerCase(), role: (values.role ?? "viewer") as Role };
    const problem = await attempt(() => taken(api.POST("/api/accounts/{account_id}/roles", { params, body })));
    if (!problem) {
      setSaid("The role is given.");
      void queries.invalidateQueries({ queryKey: [ACCOUNTS] });
    }
    return problem;
  };
  return (
    <section class="stack" aria-labelledby="grant">
      <h2 id="grant">Give a role</h2>
      <Form fields={[WHO, roleField(props.mayOwn)]} button="Give the role" busy="Giving …" send={send} stays />
      <p role="status">{said()}</p>
    </section>
  );
}
