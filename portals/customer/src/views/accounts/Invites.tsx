//! Inviting somebody by mail, and what became of invitations: sent once more, or taken back.

import type { Problem } from "@rerp/shared/api";
import { attempt, Confirm, createAct, createAsked, Form, Loaded, taken, useApi, When } from "@rerp/shared/app";
import { type Role, roleName } from "@rerp/shared/people";
import { Button, type FieldSpec, ProblemNotice } from "@rerp/shared/ui";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import { clock, createCountdown } from "../verify/countdown";
import { roleField } from "./Grant";
import { ACCOUNTS, type Invite, useInvites } from "./queries";

const EMAIL: FieldSpec = {
  name: "email",
  label: "E-mail address",
  type: "email",
  required: true,
  maxlength: 254,
};
const STATES: Readonly<Record<Invite["state"], string>> = {
  open: "Open",
  expired: "Too old; send it again",
  accepted: "Accepted",
  revoked: "Taken back",
};

export function Invites(props: { readonly account: string; readonly mayOwn: boolean }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const query = useInvites(() => props.account);
  const [said, setSaid] = createSignal("");
  const asked = createAsked<Invite>();
  const reload = () => queries.invalidateQueries({ queryKey: [ACCOUNTS, "invites", props.account] });
  const tell = (invite: Invite) => {
    setSaid(
      invite.sent_at
        ? "The invitation is on its way."
        : "It is written down, and no mail could be sent yet. Send it again in a minute.",
    );
    void reload();
  };
  const withdraw = () => {
    const path = { account_id: props.account, invite_id: asked.chosen()?.invite_id ?? "" };
    return taken(api.DELETE("/api/accounts/{account_id}/invites/{invite_id}", { params: { path } }));
  };
  const ask = (invite: Invite) => {
    setSaid("");
    asked.ask(invite);
  };
  return (
    <section class="stack" aria-labelledby="invites">
      <h2 id="invites">Invitations</h2>
      <Ask account={props.account} mayOwn={props.mayOwn} begun={() => setSaid("")} sent={tell} />
      <p role="status">{said()}</p>
      <Loaded query={query} what="invitations">
        {(found) => (
          <Show when={found().items.length > 0} fallback={<p class="card">Nobody is invited.</p>}>
            <ul class="records">
              <For each={found().items}>
                {(each) => <Row account={props.account} invite={each} sent={tell} withdraw={() => ask(each)} />}
              </For>
            </ul>
          </Show>
        )}
      </Loaded>
      <Confirm
        open={asked.isOpen()}
        close={asked.close}
        title="Take the invitation back?"
        text="The link in its mail is worth nothing then."
        button="Take it back"
        busy="Taking back …"
        work={withdraw}
        done={() => {
          setSaid("The invitation is taken back.");
          void reload();
        }}
      />
    </section>
  );
}

function Ask(props: {
  readonly account: string;
  readonly mayOwn: boolean;
  readonly begun: () => void;
  readonly sent: (invite: Invite) => void;
}): JSX.Element {
  const api = useApi();
  const send = async (values: Readonly<Record<string, string>>, key: string): Promise<Problem | undefined> => {
    props.begun();
    const params = { path: { account_id: props.account }, header: { "Idempotency-Key": key } };
    const body = { email: values.email ?? "", role: (values.role ?? "viewer") as Role };
    const problem = await attempt(async () => {
      props.sent((await taken(api.POST("/api/accounts/{account_id}/invites", { params, body }))) as Invite);
    });
    return problem?.kind === "already-exists"
      ? { ...problem, fields: { email: "There is an invitation to this address already. Send that again." } }
      : problem;
  };
  return <Form fields={[EMAIL, roleField(props.mayOwn)]} button="Invite" busy="Inviting …" send={send} stays />;
}

function Row(props: {
  readonly account: string;
  readonly invite: Invite;
  readonly sent: (invite: Invite) => void;
  readonly withdraw: () => void;
}): JSX.Element {
  const api = useApi();
  const gap = createCountdown();
  const again = createAct(async () => {
    const path = { account_id: props.account, invite_id: props.invite.invite_id };
    props.sent(
      (await taken(api.POST("/api/accounts/{account_id}/invites/{invite_id}/resend", { params: { path } }))) as Invite,
    );
  });
  const resend = async () => {
    if (gap.left() > 0) {
      return;
    }
    await again.run();
    gap.start(again.problem()?.wait ?? 0);
  };
  const isOpen = () => props.invite.state === "open" || props.invite.state === "expired";
  const what = () => `invitation as ${roleName(props.invite.role)}`;
  return (
    <li class="card record">
      <div>
        <p>
          {roleName(props.invite.role)} <span class="tag">{STATES[props.invite.state]}</span>
        </p>
        <p class="small">
          Made <When at={props.invite.created_at} />
          <Show when={isOpen()}>
            , good until <When at={props.invite.expires_at} />
          </Show>
          <Show when={isOpen() && !props.invite.sent_at}>. No mail is on its way: send it again</Show>
        </p>
        <ProblemNotice problem={again.problem()} />
      </div>
      <Show when={isOpen()}>
        <div class="row">
          <Button busy={again.busy() || gap.left() > 0} onClick={() => void resend()}>
            {again.busy() ? "Sending …" : gap.left() > 0 ? `Again in ${clock(gap.left())}` : "Send again"}
            <span class="visually-hidden">: {what()}</span>
          </Button>
          <Button onClick={() => props.withdraw()}>
            Take back<span class="visually-hidden">: {what()}</span>
          </Button>
        </div>
      </Show>
    </li>
  );
}
