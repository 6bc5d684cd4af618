//! Who has which role in an account, as a matrix: people by roles, given and taken away in its cells. The last owner stays: the API says so.

import { Loaded, Question, taken, useApi, When } from "@rerp/shared/app";
import { createKeys } from "@rerp/shared/form";
import { ROLES, type Role, roleName } from "@rerp/shared/people";
import { Button } from "@rerp/shared/ui";
import { useQueryClient } from "@tanstack/solid-query";
import { For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { PersonLink } from "./PersonLink";
import { ACCOUNT, type RoleAssignment, useRoles } from "./queries";

/** A cell that somebody wants to be another one. */
interface Wish {
  readonly person: string;
  readonly role: Role;
  /** It is there by now, and to be taken away. */
  readonly given: RoleAssignment | undefined;
}

export function Roles(props: { readonly account: string }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const query = useRoles(props.account);
  const keyOf = createKeys();
  const change = async (wish: Wish) => {
    if (wish.given) {
      const path = { account_id: props.account, role_id: wish.given.role_id };
      await taken(api.DELETE("/api/accounts/{account_id}/roles/{role_id}", { params: { path } }));
      return;
    }
    const body = { human_name_id: wish.person, role: wish.role };
    const params = { path: { account_id: props.account }, header: { "Idempotency-Key": keyOf(body) } };
    await taken(api.POST("/api/accounts/{account_id}/roles", { params, body }));
  };
  return (
    <Section title="Roles">
      <Question<Wish>
        title={({ given }) => (given ? "Take the role away?" : "Give the role?")}
        text={({ role, person }) => `${roleName(role)}, ${person}. It counts at once.`}
        button={({ given }) => (given ? "Take it away" : "Give it")}
        busy="Changing …"
        work={change}
        said={({ given }) => (given ? "The role is taken away." : "The role is given.")}
        done={() => void queries.invalidateQueries({ queryKey: [ACCOUNT, props.account] })}
      >
        {(ask) => (
          <Loaded query={query} what="who is in the account">
            {(found) => (
              <>
                <Matrix roles={found().items} ask={ask} />
                <Show when={found().isCut}>
                  <p>There are more than are shown here.</p>
                </Show>
              </>
            )}
          </Loaded>
        )}
      </Question>
    </Section>
  );
}

function Matrix(props: { readonly roles: readonly RoleAssignment[]; readonly ask: (wish: Wish) => void }): JSX.Element {
  const people = () => [...new Set(props.roles.map((each) => each.human_name_id))];
  const given = (person: string, role: Role) =>
    props.roles.find((each) => each.human_name_id === person && each.role === role);
  return (
    <Show when={people().length > 0} fallback={<p class="card">Nobody has a role in it.</p>}>
      <Table label="Who has which role" columns={["Person", ...ROLES.map(({ label }) => label)]}>
        <For each={people()}>
          {(person) => (
            <tr>
              <th scope="row">
                <PersonLink person={person} />
              </th>
              <For each={ROLES}>
                {({ value, label }) => (
                  <td>
                    <Cell
                      given={given(person, value)}
                      about={`${label}, ${person}`}
                      change={() => props.ask({ person, role: value, given: given(person, value) })}
                    />
                  </td>
                )}
              </For>
            </tr>
          )}
        </For>
      </Table>
    </Show>
  );
}

function Cell(props: {
  readonly given: RoleAssignment | undefined;
  readonly about: string;
  readonly change: () => void;
}): JSX.Element {
  return (
    <>
      <Show when={props.given}>
        {(role) => (
          <p>
            Since <When at={role().created_at} isDay />
          </p>
        )}
      </Show>
      <Button onClick={() => props.change()}>
        {props.given ? "Take away" : "Give"}
        <span class="visually-hidden">: {props.about}</span>
      </Button>
    </>
  );
}
