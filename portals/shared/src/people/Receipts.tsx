//! How far an erasure is: which services are done, and a way to look again once it isn't followed any more.

import { When } from "@rerp/shared/app";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { For, type JSX, Show } from "solid-js";
import type { Erasure, Following } from "./following";

/** In words. */
export function howFar({ receipts, missing }: Erasure): string {
  return `${receipts.length} of ${receipts.length + missing.length} services are done.`;
}

export function Receipts(props: { readonly erasure: Erasure; readonly following: Following }): JSX.Element {
  return (
    <>
      <ul class="records">
        <For each={props.erasure.receipts}>
          {({ service, received_at }) => (
            <li class="record">
              <span>{service}</span>
              <span class="proof-done">
                Done <When at={received_at} />
              </span>
            </li>
          )}
        </For>
        <For each={props.erasure.missing}>
          {(service) => (
            <li class="record">
              <span>{service}</span>
              <span class="proof-open">Not yet</span>
            </li>
          )}
        </For>
      </ul>
      <ProblemNotice problem={props.following.problem()} />
      <Show when={props.following.isLeft()}>
        <p>It goes on by itself; nobody has to wait here.</p>
        <Button onClick={() => props.following.begin(props.erasure)}>Look again</Button>
      </Show>
    </>
  );
}
