//! Finding a company in the registry by its name. One that isn't in it is written into it when the account is opened.

import type { Problem } from "@rerp/shared/api";
import { Failure, Form, problemIn, taken, useApi } from "@rerp/shared/app";
import { Button, type FieldSpec } from "@rerp/shared/ui";
import { createSignal, type JSX, Show } from "solid-js";
import type { Company } from "./queries";

/** A company; without an identifier while it isn't in the registry. */
export interface Chosen {
  readonly company_id?: string;
  readonly name: string;
}

const NAME: FieldSpec = {
  name: "name",
  label: "Name of the company",
  autocomplete: "organization",
  required: true,
  maxlength: 200,
  hint: "As it is written officially. Leave it out where the account is for no company.",
};

export function CompanySearch(props: {
  readonly chosen: Chosen | undefined;
  readonly choose: (chosen: Chosen | undefined) => void;
  /** Whether a name stands there that wasn't looked up. */
  readonly typed: (isTyped: boolean) => void;
}): JSX.Element {
  const api = useApi();
  const [isAgain, setAgain] = createSignal(false);
  const look = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    const name = values.name ?? "";
    try {
      const found = (await taken(api.GET("/api/accounts/companies", { params: { query: { name } } }))) as Company;
      props.choose({ company_id: found.company_id, name: found.name });
    } catch (error) {
      if (!(error instanceof Failure && error.problem.kind === "not-found")) {
        return problemIn(error);
      }
      props.choose({ name });
    }
    return undefined;
  };
  const again = () => {
    setAgain(true);
    props.typed(false);
    props.choose(undefined);
  };
  return (
    <Show
      when={props.chosen}
      fallback={
        <div onInput={(event) => props.typed((event.target as HTMLInputElement).value.trim() !== "")}>
          <Form fields={[NAME]} button="Look it up" busy="Looking …" send={look} focus={isAgain()} />
        </div>
      }
    >
      {(chosen) => (
        <div class="card stack narrow" tabindex="-1" ref={(element) => queueMicrotask(() => element.focus())}>
          <p role="status">
            <strong>{chosen().name}</strong>{" "}
            {chosen().company_id
              ? "is in the registry."
              : "isn't in the registry yet. It is written into it when you open the account."}
          </p>
          <Button onClick={again}>Another company</Button>
        </div>
      )}
    </Show>
  );
}
