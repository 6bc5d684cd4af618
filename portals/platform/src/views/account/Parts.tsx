//! The parts of an account: roles, what somebody may do, invitations, addresses.

import { type JSX, Show } from "solid-js";
import { Addresses } from "./Addresses";
import { Invites } from "./Invites";
import { Permissions } from "./Permissions";
import { Roles } from "./Roles";

export function Parts(props: {
  readonly account: string;
  /** Whose permissions are shown; nobody's as long as that isn't known. */
  readonly person: string | undefined;
}): JSX.Element {
  return (
    <>
      <Roles account={props.account} />
      <Show when={props.person} keyed>
        {(person) => <Permissions account={props.account} person={person} title={`What ${person} may do`} />}
      </Show>
      <Invites account={props.account} />
      <Addresses account={props.account} />
    </>
  );
}
