//! Opening an account: one's own, or one for work, which may be for a company out of the registry.

import type { Problem } from "@rerp/shared/api";
import { createAct, Page, taken, useApi, usePerson } from "@rerp/shared/app";
import { createKeys } from "@rerp/shared/form";
import type { AccountKind } from "@rerp/shared/people";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { A, useNavigate } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import "@rerp/shared/records.css";
import { type Chosen, CompanySearch } from "./CompanySearch";
import { ACCOUNTS, type Account } from "./queries";

const KINDS: readonly { readonly value: AccountKind; readonly label: string }[] = [
  { value: "personal", label: "Personal: your own; everybody has one at most" },
  { value: "business", label: "Business: for work with others, for a company or none" },
];

export default function NewAccount(): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [kind, setKind] = createSignal<AccountKind>("personal");
  const [company, setCompany] = createSignal<Chosen>();
  const [isTyped, setTyped] = createSignal(false);
  const [isAsked, setAsked] = createSignal(false);
  const [keyOfCompany, keyOfAccount] = [createKeys(), createKeys()];

  /** The identifier of what was chosen; a company that isn't in the registry gets into it. */
  const identifier = async (chosen: Chosen): Promise<string> => {
    if (chosen.company_id) {
      return chosen.company_id;
    }
    const header = { "Idempotency-Key": keyOfCompany({ name: chosen.name }) };
    const made = await taken(
      api.POST("/api/accounts/companies/upsert", { params: { header }, body: { name: chosen.name } }),
    );
    return (made as { company_id: string }).company_id;
  };
  const open = createAct(async () => {
    const chosen = kind() === "business" ? company() : undefined;
    const company_id = chosen ? await identifier(chosen) : "";
    const header = { "Idempotency-Key": keyOfAccount({ kind: kind(), company_id }) };
    const body = { human_name_id: person().person, kind: kind(), ...(company_id ? { company_id } : {}) };
    const account = (await taken(api.POST("/api/accounts", { params: { header }, body }))) as Account;
    await queries.invalidateQueries({ queryKey: [ACCOUNTS, "mine"] });
    navigate(`/accounts/${account.account_id}`);
  });
  /** Whoever names a company wants the account for it, looked up or not. */
  const isUnclear = () => kind() === "business" && !company() && isTyped();
  const press = () => {
    setAsked(isUnclear());
    if (!isUnclear()) {
      void open.run();
    }
  };
  const choose = (next: AccountKind) => {
    setKind(next);
    open.forget();
  };
  return (
    <Page title="Open an account">
      <section class="stack">
        <Kinds kind={kind()} choose={choose} />
        <Show when={kind() === "business"}>
          <CompanySearch chosen={company()} choose={setCompany} typed={setTyped} />
        </Show>
        <div class="notice-place" role="alert">
          <Show when={isAsked() && isUnclear()}>
            <p class="notice notice-wrong">
              Look the company up first. If the account is for no company, leave its name out.
            </p>
          </Show>
        </div>
        <Wrong problem={open.problem()} isPersonal={kind() === "personal"} />
        <div class="row">
          <Button weight="first" busy={open.busy()} onClick={press}>
            {open.busy() ? "Opening …" : "Open the account"}
          </Button>
          <A href="/accounts">Back to your accounts</A>
        </div>
      </section>
    </Page>
  );
}

function Wrong(props: { readonly problem: Problem | undefined; readonly isPersonal: boolean }): JSX.Element {
  const hasOne = () => props.isPersonal && props.problem?.kind === "already-exists";
  const mistakes = () => Object.values(props.problem?.fields ?? {}).join(" ");
  return (
    <>
      <ProblemNotice problem={hasOne() ? undefined : props.problem} />
      <div class="notice-place" role="alert">
        <Show when={hasOne()}>
          <p class="notice notice-wrong">You have a personal account already. It is among your accounts.</p>
        </Show>
        <Show when={mistakes()}>
          <p class="mistake">{mistakes()}</p>
        </Show>
      </div>
    </>
  );
}

function Kinds(props: { readonly kind: AccountKind; readonly choose: (kind: AccountKind) => void }): JSX.Element {
  return (
    <fieldset>
      <legend class="visually-hidden">What kind of account</legend>
      <For each={KINDS}>
        {({ value, label }) => (
          <div class="choice">
            <input
              type="radio"
              name="kind"
              id={`kind-${value}`}
              value={value}
              checked={props.kind === value}
              onChange={() => props.choose(value)}
            />
            <label for={`kind-${value}`}>{label}</label>
          </div>
        )}
      </For>
    </fieldset>
  );
}
