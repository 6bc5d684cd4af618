//! Taking along what is held: each service is asked, what fails is named and can be asked again, and the file is kept when somebody says so.

import { words } from "@rerp/shared/api";
import { useApi, usePerson } from "@rerp/shared/app";
import { keep } from "@rerp/shared/file";
import { assembled, type Collecting, createCollecting, type Holder, holders, type State } from "@rerp/shared/people";
import { Button } from "@rerp/shared/ui";
import { For, type JSX, Show } from "solid-js";

export function Export(): JSX.Element {
  const person = usePerson();
  const all = holders(useApi(), person().person);
  const collecting = createCollecting(all);
  const failed = () => collecting.named("failed");
  const cut = () => collecting.held().flatMap(({ tables }) => tables.filter((table) => !table.complete)).length;
  const summary = () => {
    if (!collecting.isSettled()) {
      return "";
    }
    const count = failed().length;
    return count > 0 ? `${count} of ${all.length} could not be had.` : "All of it is here.";
  };
  const save = () => {
    const missing = failed().map(({ name }) => name);
    const text = assembled(person().person, collecting.held(), missing);
    keep("rerp-data.json", new Blob([text], { type: "application/json" }));
  };
  return (
    <section class="stack" aria-labelledby="export">
      <h2 id="export">Take it along</h2>
      <p>Everything that each of our services holds of you, in one file that programs can read (JSON).</p>
      <Show when={collecting.hasBegun()}>
        <ul class="records">
          <For each={all}>{(each) => <Row holder={each} collecting={collecting} />}</For>
        </ul>
      </Show>
      <p role="status">{summary()}</p>
      <Show when={!collecting.isBusy() && cut() > 0}>
        <p class="notice">Some lists in it ({cut()}) are longer than a file takes. Write to us for the rest.</p>
      </Show>
      <Controls all={all} collecting={collecting} save={save} />
    </section>
  );
}

function Row(props: { readonly holder: Holder; readonly collecting: Collecting }): JSX.Element {
  const state = () => props.collecting.state(props.holder.name);
  return (
    <li class="record">
      <div>
        <p>{props.holder.what}</p>
        <p class={state().is === "failed" ? "mistake" : "small"}>{outcome(state())}</p>
      </div>
      <Show when={state().is === "failed"}>
        <Button onClick={() => props.collecting.ask([props.holder])}>
          Try again<span class="visually-hidden">: {props.holder.what}</span>
        </Button>
      </Show>
    </li>
  );
}

/** One first button, whose place and focus stay while it comes to mean another thing. */
function Controls(props: {
  readonly all: readonly Holder[];
  readonly collecting: Collecting;
  readonly save: () => void;
}): JSX.Element {
  const failed = () => props.collecting.named("failed");
  const label = () => {
    if (props.collecting.isSettled()) {
      return failed().length > 0 ? "Keep what there is" : "Keep the file";
    }
    return props.collecting.isBusy() ? "Collecting …" : "Collect it";
  };
  const go = () => {
    if (props.collecting.isSettled()) {
      props.save();
    } else if (!props.collecting.isBusy()) {
      props.collecting.ask(props.all);
    }
  };
  return (
    <div class="row">
      <Show when={!props.collecting.isSettled() || props.collecting.held().length > 0}>
        <Button weight="first" busy={props.collecting.isBusy()} onClick={go}>
          {label()}
        </Button>
      </Show>
      <Show when={props.collecting.isSettled() && failed().length > 1}>
        <Button onClick={() => props.collecting.ask(failed())}>Try all of them again</Button>
      </Show>
    </div>
  );
}

function outcome(state: State): string {
  switch (state.is) {
    case "idle":
      return "Waits";
    case "asking":
      return "Is asked …";
    case "failed":
      return words(state.problem.kind);
    case "there":
      return state.held
        ? rows(state.held.tables.reduce((all, table) => all + table.rows.length, 0))
        : "Holds nothing of you";
  }
}

function rows(count: number): string {
  return count === 1 ? "1 entry" : `${count} entries`;
}
