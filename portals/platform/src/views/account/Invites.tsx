//! Who is invited to an account, and taking that back.

import { Loaded, Question, taken, useApi, When } from "@rerp/shared/app";
import { roleName } from "@rerp/shared/people";
import { Button } from "@rerp/shared/ui";
import { useQueryClient } from "@tanstack/solid-query";
import { For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { ACCOUNT, type Invite, useInvites } from "./queries";

const STATES: Readonly<Record<Invite["state"], string>> = {
  open: "Open",
  expired: "Too old",
  accepted: "Accepted",
  revoked: "Taken back",
};

export function Invites(props: { readonly account: string }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const query = useInvites(props.account);
  const withdraw = ({ invite_id }: Invite) => {
    const path = { account_id: props.account, invite_id };
    return taken(api.DELETE("/api/accounts/{account_id}/invites/{invite_id}", { params: { path } }));
  };
  return (
    <Section title="Invitations">
      <Question<Invite>
        title="Take the invitation back?"
        text="The link in its mail is worth nothing then."
        button="Take it back"
        busy="Taking back …"
        work={withdraw}
        said="The invitation is taken back."
        done={() => void queries.invalidateQueries({ queryKey: [ACCOUNT, props.account, "invites"] })}
      >
        {(ask) => (
          <Loaded query={query} what="invitations">
            {(found) => (
              <Show when={found().items.length > 0} fallback={<p class="card">Nobody is invited.</p>}>
                <ul class="records">
                  <For each={found().items}>{(each) => <Row invite={each} withdraw={() => ask(each)} />}</For>
                </ul>
              </Show>
            )}
          </Loaded>
        )}
      </Question>
    </Section>
  );
}

function Row(props: { readonly invite: Invite; readonly withdraw: () => void }): JSX.Element {
  const isOpen = () => props.invite.state === "open" || props.invite.state === "expired";
  return (
    <li class="card record">
      <div>
        <p>
          {roleName(props.invite.role)} <span class="tag">{STATES[props.invite.state]}</span>
        </p>
        <p class="small">
          Made <When at={props.invite.created_at} />, good until <When at={props.invite.expires_at} />
          <Show when={props.invite.sent_at} fallback=". No mail could be sent yet">
            {(at) => (
              <>
                , sent <When at={at()} />
              </>
            )}
          </Show>
        </p>
      </div>
      <Show when={isOpen()}>
        <Button onClick={() => props.withdraw()}>
          Take back<span class="visually-hidden">: invitation as {roleName(props.invite.role)}</span>
        </Button>
      </Show>
    </li>
  );
}
