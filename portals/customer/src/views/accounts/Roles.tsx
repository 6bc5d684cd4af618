//! The roles in an account, and taking one away. The last owner stays: the API says so, and what to do first.

import { Confirm, createAsked, Loaded, taken, useApi, usePerson, When } from "@rerp/shared/app";
import { roleName } from "@rerp/shared/people";
import { Button } from "@rerp/shared/ui";
import { useNavigate } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import { ACCOUNTS, type RoleAssignment, useRoles } from "./queries";

export function Roles(props: {
  readonly account: string;
  readonly mayManage: boolean;
  readonly mayOwn: boolean;
}): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const query = useRoles(() => props.account);
  const asked = createAsked<RoleAssignment>();
  const [said, setSaid] = createSignal("");
  const isOwn = (each: RoleAssignment | undefined) => each?.human_name_id === person().person;
  const may = (each: RoleAssignment) => (each.role === "owner" ? props.mayOwn : props.mayManage);
  const ask = (each: RoleAssignment) => {
    setSaid("");
    asked.ask(each);
  };
  const work = () => {
    const path = { account_id: props.account, role_id: asked.chosen()?.role_id ?? "" };
    return taken(api.DELETE("/api/accounts/{account_id}/roles/{role_id}", { params: { path } }));
  };
  const done = () => {
    const one = asked.chosen();
    const isLast = query.isSuccess && query.data.items.filter(isOwn).length === 1;
    setSaid("The role is taken away.");
    void queries.invalidateQueries({ queryKey: [ACCOUNTS] });
    // Without a role the account isn't there any more.
    if (isOwn(one) && isLast) {
      navigate("/accounts");
    }
  };
  return (
    <>
      <Loaded query={query} what="who is in the account">
        {(found) => (
          <>
            <ul class="records">
              <For each={found().items}>
                {(each) => (
                  <li class="card record">
                    <div>
                      <p>
                        {isOwn(each) ? "You" : each.human_name_id} <span class="tag">{roleName(each.role)}</span>
                      </p>
                      <p class="small">
                        Since <When at={each.created_at} isDay />
                      </p>
                    </div>
                    <Show when={may(each)}>
                      <Button onClick={() => ask(each)}>
                        Take away
                        <span class="visually-hidden">
                          : {roleName(each.role)}, {isOwn(each) ? "you" : each.human_name_id}
                        </span>
                      </Button>
                    </Show>
                  </li>
                )}
              </For>
            </ul>
            <Show when={found().isCut}>
              <p>There are more than are shown here.</p>
            </Show>
          </>
        )}
      </Loaded>
      <p role="status">{said()}</p>
      <Confirm
        open={asked.isOpen()}
        close={asked.close}
        title="Take the role away?"
        text={
          isOwn(asked.chosen())
            ? "It is your own. What it lets you do you can't do any more, and only others can give it back."
            : "What it lets them do they can't do any more, at once."
        }
        button="Take it away"
        busy="Taking away …"
        work={work}
        done={done}
      />
    </>
  );
}
