//! The addresses of an account: one primary for each owner, changed by whoever has read what is there.

import { Confirm, createAsked, Loaded, taken, useApi, usePerson } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { useParams } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import { AddressForm } from "./AddressForm";
import { lines, typeName } from "./address-words";
import { decided } from "./allowed";
import { ACCOUNTS, type Account, type Address, useAddresses, usePermissions } from "./queries";
import { Within } from "./Within";

/** The form that is open: for a new one, or for one of them. */
const NEW = "new";
const STAYS = "What it was stays on record for as long as books have to be kept.";
const IS_PRIMARY = "It is the primary one: while there are others, make another one that first.";

/** What can be done with the list. */
interface Editing {
  /** Whose form is open. */
  edited(): string | undefined;
  may(): boolean;
  edit(which: string): void;
  close(): void;
  reload(): Promise<unknown>;
  /** It was taken; what to say. */
  done(words: string): void;
  remove(address: Address): void;
}

export default function Addresses(): JSX.Element {
  const params = useParams();
  const id = () => params.account ?? "";
  return (
    <Within id={id()} title="Addresses">
      {(account) => <List account={account()} />}
    </Within>
  );
}

function List(props: { readonly account: Account }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  let place: HTMLElement | undefined;
  const id = () => props.account.account_id;
  const query = useAddresses(id);
  const permissions = usePermissions(id);
  const manage = () => decided(permissions, "address.manage");
  const [edited, setEdited] = createSignal<string>();
  const [said, setSaid] = createSignal("");
  const asked = createAsked<Address>();
  const editing: Editing = {
    edited,
    may: () => manage()?.allowed ?? false,
    edit: (which) => {
      setSaid("");
      setEdited(which);
    },
    // The form goes, and takes along what had the focus.
    close: () => {
      setEdited(undefined);
      place?.focus();
    },
    reload: () => queries.invalidateQueries({ queryKey: [ACCOUNTS, "addresses", id()] }),
    done: (words) => {
      editing.close();
      setSaid(words);
      void editing.reload();
    },
    remove: (address) => {
      setSaid("");
      asked.ask(address);
    },
  };
  const remove = () => {
    const path = { account_id: id(), address_id: asked.chosen()?.address_id ?? "" };
    return taken(api.DELETE("/api/accounts/{account_id}/addresses/{address_id}", { params: { path } }));
  };
  return (
    <section class="stack" aria-label="Addresses" tabindex="-1" ref={(element) => (place = element)}>
      <Loaded query={query} what="addresses">
        {(found) => <Rows account={props.account} all={found().items} editing={editing} />}
      </Loaded>
      <p role="status">{said()}</p>
      <Show when={editing.may()} fallback={<p class="small">{manage()?.detail}</p>}>
        <New account={props.account} editing={editing} />
      </Show>
      <Confirm
        open={asked.isOpen()}
        close={asked.close}
        title="Remove the address?"
        text={asked.chosen()?.is_primary ? IS_PRIMARY : STAYS}
        button="Remove it"
        busy="Removing …"
        work={remove}
        done={() => editing.done("The address is removed.")}
      />
    </section>
  );
}

function Rows(props: {
  readonly account: Account;
  readonly all: readonly Address[];
  readonly editing: Editing;
}): JSX.Element {
  // By identifier: what a form stands for stays when it is loaded anew.
  const ids = () => props.all.map(({ address_id }) => address_id);
  const one = (address_id: string) => props.all.find((each) => each.address_id === address_id);
  return (
    <Show when={ids().length > 0} fallback={<p class="card">There is no address yet.</p>}>
      <ul class="records">
        <For each={ids()}>
          {(address_id) => (
            <li class="card record">
              <Show
                when={props.editing.edited() !== address_id}
                fallback={<Edit account={props.account} editing={props.editing} known={one(address_id)} />}
              >
                <Show when={one(address_id)}>
                  {(address) => (
                    <Row
                      address={address()}
                      may={props.editing.may()}
                      edit={() => props.editing.edit(address_id)}
                      remove={() => props.editing.remove(address())}
                    />
                  )}
                </Show>
              </Show>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}

function New(props: { readonly account: Account; readonly editing: Editing }): JSX.Element {
  return (
    <Show
      when={props.editing.edited() === NEW}
      fallback={
        <Button weight="first" onClick={() => props.editing.edit(NEW)}>
          Add an address
        </Button>
      }
    >
      <Edit account={props.account} editing={props.editing} />
    </Show>
  );
}

function Edit(props: {
  readonly account: Account;
  readonly editing: Editing;
  readonly known?: Address | undefined;
}): JSX.Element {
  const person = usePerson();
  return (
    <AddressForm
      account={props.account}
      person={person().person}
      known={props.known}
      reload={props.editing.reload}
      done={props.editing.done}
      cancel={props.editing.close}
    />
  );
}

function Row(props: {
  readonly address: Address;
  readonly may: boolean;
  readonly edit: () => void;
  readonly remove: () => void;
}): JSX.Element {
  const name = () => lines(props.address).join(", ");
  return (
    <>
      <div>
        <p>
          {typeName(props.address.type)}{" "}
          <Show when={props.address.is_primary}>
            <span class="tag">Primary</span>
          </Show>
        </p>
        <For each={lines(props.address)}>{(line) => <p class="small">{line}</p>}</For>
      </div>
      <Show when={props.may}>
        <div class="row">
          <Button onClick={() => props.edit()}>
            Change<span class="visually-hidden">: {name()}</span>
          </Button>
          <Button onClick={() => props.remove()}>
            Remove<span class="visually-hidden">: {name()}</span>
          </Button>
        </div>
      </Show>
    </>
  );
}
