//! What another price comes to: now, later, and what that is made of.

import { When } from "@rerp/shared/app";
import { For, type JSX, Show } from "solid-js";
import type { Preview } from "./queries";
import { amount } from "./words";

export function PreviewFacts(props: { readonly preview: Preview }): JSX.Element {
  const text = (value: number) => amount(value, props.preview.currency);
  return (
    <>
      <dl class="facts">
        <dt>Due now</dt>
        <dd>{props.preview.due_now > 0 ? text(props.preview.due_now) : "Nothing"}</dd>
        <Show when={props.preview.credit > 0}>
          <dt>Left over</dt>
          <dd>{text(props.preview.credit)}, which pays for invoices to come</dd>
        </Show>
        <dt>Next invoice</dt>
        <dd>
          {text(props.preview.next_invoice.amount)}
          <Show when={props.preview.next_invoice.at}>
            {(at) => (
              <>
                {" "}
                on <When at={at()} isDay />
              </>
            )}
          </Show>
        </dd>
      </dl>
      <Show when={props.preview.lines.length > 0}>
        <details>
          <summary>What this is made of</summary>
          <ul class="records">
            <For each={props.preview.lines}>
              {(line) => (
                <li>
                  {text(line.amount)} {line.amount < 0 ? "back for what isn't used" : "for what is used"},{" "}
                  <When at={line.from} isDay /> to <When at={line.until} isDay />
                  <Show when={line.prorated}> (part of a period)</Show>
                </li>
              )}
            </For>
          </ul>
        </details>
      </Show>
    </>
  );
}
