//! Plans, with what they cost.

import { Loaded } from "@rerp/shared/app";
import { money } from "@rerp/shared/money";
import { For, type JSX, Show } from "solid-js";
import { Table } from "../../parts/Table";
import { usePlans } from "../billing/queries";
import { Offer } from "./Offer";

export default function Plans(): JSX.Element {
  const query = usePlans();
  return (
    <Offer title="What is offered">
      <Loaded query={query} what="plans">
        {(plans) => (
          <Show when={plans().length > 0} fallback={<p class="card">Nothing is offered.</p>}>
            <Table label="Plans" columns={["Plan", "Code", "Prices", "Seats", "Trial"]}>
              <For each={plans()}>
                {(plan) => (
                  <tr>
                    <th scope="row">{plan.name}</th>
                    <td>{plan.code}</td>
                    <td>
                      <ul>
                        <For each={plan.prices}>
                          {(price) => (
                            <li>
                              {money(price.amount, price.currency, navigator.language)} a {price.interval}
                            </li>
                          )}
                        </For>
                      </ul>
                    </td>
                    <td class="number">{plan.seats ?? "No bound"}</td>
                    <td>{plan.trial_days > 0 ? `${plan.trial_days} days` : "None"}</td>
                  </tr>
                )}
              </For>
            </Table>
          </Show>
        )}
      </Loaded>
    </Offer>
  );
}
