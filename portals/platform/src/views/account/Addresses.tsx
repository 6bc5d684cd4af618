//! The addresses of an account.

import { Loaded, When } from "@rerp/shared/app";
import { For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { type Address, useAddresses } from "./queries";

const TYPES: Readonly<Record<Address["type"], string>> = {
  billing: "Invoices",
  shipping: "Deliveries",
  residential: "Where somebody lives",
  registered: "Registered office",
};

export function Addresses(props: { readonly account: string }): JSX.Element {
  const query = useAddresses(props.account);
  return (
    <Section title="Addresses">
      <Loaded query={query} what="addresses">
        {(found) => (
          <Show when={found().items.length > 0} fallback={<p class="card">There are none.</p>}>
            <ul class="records">
              <For each={found().items}>
                {(each) => (
                  <li class="card record">
                    <div>
                      <p>
                        {TYPES[each.type]} <Show when={each.is_primary}>{<span class="tag">The first one</span>}</Show>
                      </p>
                      <p>{line(each) || "Nothing is left of it."}</p>
                      <p class="small">
                        Changed <When at={each.updated_at} />
                      </p>
                    </div>
                  </li>
                )}
              </For>
            </ul>
          </Show>
        )}
      </Loaded>
    </Section>
  );
}

function line(address: Address): string {
  const town = [address.postal_code, address.city].filter(Boolean).join(" ");
  return [address.street_address, town, address.state_province, address.country].filter(Boolean).join(", ");
}
