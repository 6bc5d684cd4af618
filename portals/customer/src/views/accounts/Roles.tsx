//! The roles in an account, and taking one away. The last owner stays: the API says so, and what to do first.

import { Loaded, Question, taken, useApi, usePerson, When } from "@rerp/shared/app";
import { roleName } from "@rerp/shared/people";
import { Button } from "@rerp/shared/ui";
import { useNavigate } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { For, type JSX, Show } from "solid-js";
import { ACCOUNTS, type RoleAssignment, useRoles } from "./queries";

const OWN = "It is your own. What it lets you do you can't do any more, and only others can give it back.";
const OTHER = "What it lets them do they can't do any more, at once.";

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
  const isOwn = (each: RoleAssignment) => each.human_name_id === person().person;
  const may = (each: RoleAssignment) => (each.role === "owner" ? props.mayOwn : props.mayManage);
  const takeAway = ({ role_id }: RoleAssignment) => {
    const path = { account_id: props.account, role_id };
    return taken(api.DELETE("/api/accounts/{account_id}/roles/{role_id}", { params: { path } }));
  };
  const done = (one: RoleAssignment) => {
    const isLast = query.isSuccess && query.data.items.filter(isOwn).length === 1;
    void queries.invalidateQueries({ queryKey: [ACCOUNTS] });
    // Without a role the account isn't there any more.
    if (isOwn(one) && isLast) {
      navigate("/accounts");
    }
  };
  return (
    <Question<RoleAssignment>
      title="Take the role away?"
      text={(each) => (isOwn(each) ? OWN : OTHER)}
      button="Take it away"
      busy="Taking away …"
      work={takeAway}
      said="The role is taken away."
      done={done}
    >
      {(ask) => (
        <Loaded query={query} what="who is in the account">
          {(found) => (
            <>
              <ul class="records">
                <For each={found().items}>
                  {(each) => <Row role={each} isOwn={isOwn(each)} may={may(each)} takeAway={() => ask(each)} />}
                </For>
              </ul>
              <Show when={found().isCut}>
                <p>There are more than are shown here.</p>
              </Show>
            </>
          )}
        </Loaded>
      )}
    </Question>
  );
}

function Row(props: {
  readonly role: RoleAssignment;
  readonly isOwn: boolean;
  readonly may: boolean;
  readonly takeAway: () => void;
}): JSX.Element {
  return (
    <li class="card record">
      <div>
        <p>
          {props.isOwn ? "You" : props.role.human_name_id} <span class="tag">{roleName(props.role.role)}</span>
        </p>
        <p class="small">
          Since <When at={props.role.created_at} isDay />
        </p>
      </div>
      <Show when={props.may}>
        <Button onClick={() => props.takeAway()}>
          Take away
          <span class="visually-hidden">
            : {roleName(props.role.role)}, {props.isOwn ? "you" : props.role.human_name_id}
          </span>
        </Button>
      </Show>
    </li>
  );
}
