//! Numbers of a split: how much is copied and compared, how far the stream is behind, how long writers waited.

import { When } from "@rerp/shared/app";
import { type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import type { Migration, MigrationStatus, Switched } from "./api";
import { bytes, compared, count, differ, pause, span } from "./words";

export function Figures(props: { readonly migration: Migration }): JSX.Element {
  const status = () => props.migration.status;
  const lag = () => status()?.rollback?.replication?.lagBytes ?? status()?.replication?.lagBytes;
  return (
    <Section title="Figures">
      <dl class="figures">
        <Show when={status()?.copy}>{(copy) => <Copied copy={copy()} />}</Show>
        <Figure name="The stream is behind by" value={lag() === undefined ? "Not measured" : bytes(lag() ?? 0)} />
        <Show when={status()?.verification}>
          {(found) => (
            <Figure
              name="Rows compared"
              value={count(found().rows)}
              note={`${compared(found().coverage)}; ${differ(found().mismatches)}`}
              isWrong={found().mismatches > 0}
            />
          )}
        </Show>
        <Pause what="The switch" of={status()?.cutover} />
        <Pause what="The last way back" of={status()?.rollback?.last} />
        <Figure name="Epoch" value={status()?.epoch ?? "None yet"} note="How often the data has changed hands" />
      </dl>
    </Section>
  );
}

function Figure(props: {
  readonly name: string;
  readonly value: string | number;
  readonly note?: JSX.Element;
  /** Somebody has to look at it: the note says why. */
  readonly isWrong?: boolean;
}): JSX.Element {
  return (
    <div class="card figure" classList={{ "figure-wrong": props.isWrong ?? false }}>
      <dt>{props.name}</dt>
      <dd class="figure-value">{props.value}</dd>
      <Show when={props.note}>
        <dd class="small">{props.note}</dd>
      </Show>
    </div>
  );
}

function Copied(props: { readonly copy: NonNullable<MigrationStatus["copy"]> }): JSX.Element {
  const left = () => props.copy.etaSeconds;
  return (
    <Figure
      name="Copied"
      value={`${bytes(props.copy.bytes)} of ${bytes(props.copy.totalBytes)}`}
      note={
        <>
          <progress aria-label="Copied" max={Math.max(props.copy.totalBytes, 1)} value={props.copy.bytes} />
          <Show when={left()}>{(seconds) => <> About {span(seconds())} to go</>}</Show>
        </>
      }
    />
  );
}

function Pause(props: { readonly what: string; readonly of: Switched | undefined }): JSX.Element {
  return (
    <Show when={props.of?.writePauseMs !== undefined && props.of}>
      {(of) => (
        <Figure
          name={`${props.what} kept writers waiting for`}
          value={pause(of().writePauseMs ?? 0)}
          note={<Show when={of().at}>{(at) => <When at={at()} />}</Show>}
        />
      )}
    </Show>
  );
}
