//! What every service holds of somebody, as a file for them. Who couldn't be asked is named, in the file too.

import type { Kind } from "@rerp/shared/api";
import { useApi } from "@rerp/shared/app";
import { keep } from "@rerp/shared/file";
import { assembled, createCollecting, holders, type State } from "@rerp/shared/people";
import { Button, useWords } from "@rerp/shared/ui";
import { For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";

export function Export(props: { readonly person: string }): JSX.Element {
  const { person } = props;
  const words = useWords();
  const all = holders(useApi(), person);
  const collecting = createCollecting(all);
  const failed = () => collecting.named("failed");
  const cut = () => collecting.held().flatMap(({ tables }) => tables.filter((table) => !table.complete)).length;
  const summary = () => {
    if (!collecting.isSettled()) {
      return "";
    }
    return failed().length > 0 ? `${failed().length} of ${all.length} could not be had.` : "All of it is here.";
  };
  const save = () => {
    const missing = failed().map(({ name }) => name);
    const text = assembled(person, collecting.held(), missing);
    keep(`rerp-data-${person}.json`, new Blob([text], { type: "application/json" }));
  };
  return (
    <Section title="What is held">
      <p>Everything that each service holds, in one file (JSON). Each of them writes down that it was asked.</p>
      <Show when={collecting.hasBegun()}>
        <ul class="records card">
          <For each={all}>
            {(holder) => (
              <li class="record">
                <span>{holder.what}</span>
                <span class="small">{outcome(collecting.state(holder.name), words)}</span>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <p role="status">{summary()}</p>
      <Show when={collecting.isSettled() && cut() > 0}>
        <p class="notice">Some lists in it ({cut()}) are longer than a file takes.</p>
      </Show>
      <div class="row">
        <Button busy={collecting.isBusy()} onClick={() => !collecting.isBusy() && collecting.ask(all)}>
          {collecting.isBusy() ? "Collecting …" : collecting.hasBegun() ? "Collect it again" : "Collect it"}
        </Button>
        <Show when={collecting.isSettled() && collecting.held().length > 0}>
          <Button weight="first" onClick={save}>
            Keep the file
          </Button>
        </Show>
      </div>
    </Section>
  );
}

function outcome(state: State, words: (kind: Kind) => string): string {
  switch (state.is) {
    case "idle":
      return "Waits";
    case "asking":
      return "Is asked …";
    case "failed":
      return words(state.problem.kind);
    case "there":
      return state.held ? `${state.held.tables.length} tables` : "Holds nothing of them";
  }
}
