//! Numbers of a split.

import { When } from "@rerp/shared/app";
import { type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import type { Migration, Switched } from "./api";
import { bytes, pause, span } from "./words";

export function Figures(props: { readonly migration: Migration }): JSX.Element {
  const status = () => props.migration.status;
  const lag = () => status()?.rollback?.replication?.lagBytes ?? status()?.replication?.lagBytes;
  return (
    <Section title="Figures">
      <Show when={status()?.copy}>
        {(copy) => (
          <p>
            <label>
              Copied: {bytes(copy().bytes)} of {bytes(copy().totalBytes)}{" "}
              <progress max={Math.max(copy().totalBytes, 1)} value={copy().bytes} />
            </label>
            <Show when={copy().etaSeconds}>{(left) => <> about {span(left())} to go</>}</Show>
          </p>
        )}
      </Show>
      <Show when={lag() !== undefined} fallback={<p>No stream is measured.</p>}>
        <p>The stream is {bytes(lag() ?? 0)} behind.</p>
      </Show>
      <Pause what="The switch" of={status()?.cutover} />
      <Pause what="The last way back" of={status()?.rollback?.last} />
      <p>Epoch {status()?.epoch ?? "none yet"}: how often the data has changed hands.</p>
    </Section>
  );
}

function Pause(props: { readonly what: string; readonly of: Switched | undefined }): JSX.Element {
  return (
    <Show when={props.of?.writePauseMs !== undefined && props.of}>
      {(of) => (
        <p>
          {props.what} kept writers waiting for {pause(of().writePauseMs ?? 0)}
          <Show when={of().at}>
            {(at) => (
              <>
                , <When at={at()} />
              </>
            )}
          </Show>
          .
        </p>
      )}
    </Show>
  );
}
