//! The patterns that end with the last visible bar are named: once for each bar. Whether that was right is told afterwards.

import { Button } from "@rerp/shared/ui";
import { createSignal, createUniqueId, For, type JSX, Show } from "solid-js";
import { called, PATTERNS } from "./names";
import { decisions } from "./orders";
import type { Row } from "./read";
import type { Run } from "./run";

export function Patterns(props: { readonly run: Run }): JSX.Element {
  const id = createUniqueId();
  const [wanted, setWanted] = createSignal("");
  const [chosen, setChosen] = createSignal<readonly string[]>([]);
  const isNamed = () => decisions(props.run.scenario().user_actions).isNamed;
  const fits = (name: string) => called(name).toLowerCase().includes(wanted().trim().toLowerCase());
  const choose = (name: string, isChosen: boolean) =>
    setChosen([...chosen().filter((each) => each !== name), ...(isChosen ? [name] : [])]);
  const send = async () => {
    if (await props.run.act({ name: { patterns: [...chosen()] } })) {
      setChosen([]);
    }
  };
  const last = () => props.run.rows().findLast((row) => row.type === "named");
  return (
    <section class="stack" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Patterns that end with the last bar</h2>
      <Show when={!isNamed()} fallback={<p>The patterns of this bar are named. Go on to the next bar.</p>}>
        <div class="field">
          <label for={`${id}-find`}>Find a pattern</label>
          <input
            id={`${id}-find`}
            class="input"
            maxlength={40}
            autocomplete="off"
            value={wanted()}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </div>
        <fieldset class="patterns">
          <legend class="visually-hidden">Patterns</legend>
          <For each={Object.keys(PATTERNS)}>
            {(name) => (
              <div class="choice" hidden={!fits(name) && !chosen().includes(name)}>
                <input
                  id={`${id}-${name}`}
                  type="checkbox"
                  checked={chosen().includes(name)}
                  onChange={(event) => choose(name, event.currentTarget.checked)}
                />
                <label for={`${id}-${name}`}>{called(name)}</label>
              </div>
            )}
          </For>
        </fieldset>
        <Button weight="first" busy={props.run.isBusy()} onClick={() => void send()}>
          {chosen().length === 0 ? "There is none" : `Name ${chosen().length}`}
        </Button>
      </Show>
      <div role="status">
        <Show when={isNamed() && last()}>{(row) => <Judged row={row()} />}</Show>
      </div>
    </section>
  );
}

function Judged(props: { readonly row: Row }): JSX.Element {
  const lines = () => {
    const row = props.row;
    if (row.type !== "named") {
      return [];
    }
    const line = (what: string, names: readonly string[]) =>
      names.length > 0 ? [`${what}: ${names.map(called).join(", ")}.`] : [];
    const all = [...line("Right", row.right), ...line("Not there", row.wrong), ...line("Missed", row.missed)];
    return all.length > 0 ? all : ["Right: there is none."];
  };
  return <For each={lines()}>{(line) => <p>{line}</p>}</For>;
}
