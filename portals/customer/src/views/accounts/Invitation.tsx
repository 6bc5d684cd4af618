//! Accepting an invitation: the link of its mail, or the code out of it. Nothing is accepted by opening the page.

import type { AccountSchemas, Problem } from "@rerp/shared/api";
import { attempt, Form, Page, taken, useApi, usePerson } from "@rerp/shared/app";
import type { FieldSpec } from "@rerp/shared/ui";
import { A, useNavigate } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import type { JSX } from "solid-js";
import "@rerp/shared/records.css";
import { ACCOUNTS } from "./queries";

const WHY: Readonly<Partial<Record<Problem["kind"], string>>> = {
  "not-found":
    "There is no such invitation for you. It may be another mail's, or for somebody else: look whose sign-in this is.",
  ended: "It is used, taken back or too old. Ask whoever sent it to send it again.",
};

export default function Invitation(): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const field: FieldSpec = {
    name: "token",
    label: "Code of the invitation",
    required: true,
    maxlength: 128,
    hint: "The link in the mail fills it in: it is what stands behind the # there.",
    // It stands behind the `#`, which no server sees.
    value: location.hash.slice(1, 129),
  };
  const accept = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    // Somebody may paste the whole link.
    const token = (values.token ?? "").split("#").at(-1) ?? "";
    const body = { token, human_name_id: person().person };
    const problem = await attempt(async () => {
      const role = (await taken(
        api.POST("/api/accounts/invites/accept", { body }),
      )) as AccountSchemas["RoleAssignment"];
      await queries.invalidateQueries({ queryKey: [ACCOUNTS] });
      // What is used up doesn't stay among the addresses that a browser goes back to.
      navigate(`/accounts/${role.account_id}`, { replace: true });
    });
    const why = problem && WHY[problem.kind];
    return why ? { ...problem, fields: { token: why } } : problem;
  };
  return (
    <Page title="Accept an invitation">
      <div class="stack narrow">
        <p>
          Whoever invited you works with you in an account of theirs. You accept as{" "}
          <strong>{person().email || "yourself"}</strong>.
        </p>
        <Form fields={[field]} button="Accept" busy="Accepting …" send={accept} />
        <p>
          <A href="/accounts">Not now</A>
        </p>
      </div>
    </Page>
  );
}
