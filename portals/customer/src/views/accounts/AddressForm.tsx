//! Filling in an address: a new one, or one that is there. Whoever changed it meanwhile isn't overwritten unseen.

import type { AccountSchemas, Problem } from "@rerp/shared/api";
import { attempt, Form, taken, useApi } from "@rerp/shared/app";
import type { Choice, FieldSpec } from "@rerp/shared/ui";
import { createSignal, type JSX, Show, untrack } from "solid-js";
import { lines, TYPES } from "./address-words";
import { countries } from "./countries";
import type { Account, Address } from "./queries";

type Owner = { readonly person_id: string } | { readonly company_id: string };

const field = (
  name: string,
  label: string,
  autocomplete: string,
  maxlength: number,
  value: string | null | undefined,
): FieldSpec => ({
  name,
  label,
  autocomplete,
  maxlength,
  value: value ?? "",
});

const PRIMARY: readonly Choice[] = [
  { value: "no", label: "No" },
  { value: "yes", label: "Yes: it takes the place of the one that is" },
];

/** `postal_code` and `state_province` aren't everywhere. */
function fields(known: Address | undefined): readonly FieldSpec[] {
  return [
    { ...field("type", "What it is for", "off", 20, known?.type ?? "billing"), required: true, choices: TYPES },
    { ...field("street_address", "Street and number", "street-address", 200, known?.street_address), required: true },
    field("postal_code", "Postal code", "postal-code", 20, known?.postal_code),
    { ...field("city", "Town", "address-level2", 100, known?.city), required: true },
    field("state_province", "State, province or county", "address-level1", 100, known?.state_province),
    { ...field("country", "Country", "country", 2, known?.country), required: true, choices: countries() },
    // One that is primary stops being so when another one is made it.
    ...(known?.is_primary
      ? []
      : [{ ...field("is_primary", "Primary", "off", 3, "no"), required: true, choices: PRIMARY }]),
  ];
}

export interface AddressFormProps {
  readonly account: Account;
  readonly person: string;
  /** The one that is changed; none: a new one. */
  readonly known?: Address | undefined;
  /** Loads what is there now. */
  readonly reload: () => Promise<unknown>;
  readonly done: (words: string) => void;
  readonly cancel: () => void;
}

export function AddressForm(props: AddressFormProps): JSX.Element {
  const api = useApi();
  const [isOther, setOther] = createSignal(false);
  const made = untrack(() => fields(props.known));
  const owner = (): Owner =>
    props.account.company_id ? { company_id: props.account.company_id } : { person_id: props.person };
  const body = (values: Readonly<Record<string, string>>) => ({
    type: (values.type ?? "billing") as AccountSchemas["NewAddress"]["type"],
    street_address: values.street_address ?? "",
    city: values.city ?? "",
    country: values.country ?? "",
    state_province: values.state_province ?? null,
    postal_code: values.postal_code ?? null,
    is_primary: props.known?.is_primary || values.is_primary === "yes",
  });
  const call = (values: Readonly<Record<string, string>>, key: string) => {
    const { account_id } = props.account;
    if (!props.known) {
      const params = { path: { account_id }, header: { "Idempotency-Key": key } };
      return taken(api.POST("/api/accounts/{account_id}/addresses", { params, body: { ...body(values), ...owner() } }));
    }
    const { address_id, version } = props.known;
    const params = { path: { account_id, address_id }, header: { "If-Match": `"${version}"` } };
    return taken(api.PUT("/api/accounts/{account_id}/addresses/{address_id}", { params, body: body(values) }));
  };
  const send = async (values: Readonly<Record<string, string>>, key: string): Promise<Problem | undefined> => {
    const problem = await attempt(() => call(values, key));
    setOther(problem?.kind === "changed-meanwhile");
    if (problem?.kind === "changed-meanwhile") {
      await props.reload();
    }
    if (!problem) {
      props.done(props.known ? "The address is changed." : "The address is added.");
    }
    return problem;
  };
  return (
    <Form fields={made} button="Save" busy="Saving …" send={send} cancel={() => props.cancel()} focus>
      <Show when={isOther() && props.known}>
        {(known) => (
          <p class="notice">
            There now: <strong>{lines(known()).join(", ")}</strong>. Save again to put yours in its place.
          </p>
        )}
      </Show>
    </Form>
  );
}
