//! The way back, and forward again: offered to those whom the cluster lets, asked before it is done, and meant for exactly what they have seen.

import { Confirm, createAsked, Failure, When } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { useQuery, useQueryClient } from "@tanstack/solid-query";
import { createSignal, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { type Migration, useCluster, type Way } from "./api";
import { phaseOf } from "./words";

/** What is asked for, and by what it was decided. */
interface Meant {
  readonly way: Way;
  readonly epoch: number;
  readonly generation: number;
}

const TEXTS = {
  rollback: {
    title: "Take the data back to the old database?",
    text: "Writes stop for a moment and go on in the old database, with everything that was written since the switch. The new one follows, so it can go forward again.",
    button: "Take it back",
  },
  forward: {
    title: "Let the new database have the data again?",
    text: "Writes stop for a moment and go on in the new database, with everything that was written since. The old one follows, as long as the way back is kept.",
    button: "Go forward",
  },
} as const;

export function Turn(props: { readonly migration: Migration }): JSX.Element {
  const cluster = useCluster();
  const queries = useQueryClient();
  const rights = useQuery(() => ({ queryKey: ["cluster", "rights"], queryFn: cluster.rights }));
  const asked = createAsked<Meant>();
  const [said, setSaid] = createSignal("");
  const status = () => props.migration.status;
  const way = (): Way | undefined =>
    (({ Observe: "rollback", RolledBack: "forward" }) as const)[phaseOf(props.migration) as "Observe" | "RolledBack"];
  const renew = () => void queries.invalidateQueries({ queryKey: ["cluster", "migrations"] });
  const ask = () => {
    const [to, epoch] = [way(), status()?.epoch];
    if (to && epoch !== undefined) {
      setSaid("");
      asked.ask({ way: to, epoch, generation: props.migration.metadata.generation });
    }
  };
  const work = async () => {
    const meant = asked.chosen();
    if (!meant) {
      return;
    }
    try {
      await cluster.turn(props.migration.metadata.name, meant.way, meant.epoch, meant.generation);
    } catch (error) {
      if (error instanceof Failure && error.status === 409) {
        setSaid(
          "The split has changed since you looked. What you see is asked for anew: look at it again, and decide then.",
        );
        renew();
      }
      throw error;
    }
  };
  const done = () => {
    setSaid("It is asked for. The phase says when the data has changed hands.");
    renew();
  };
  const texts = () => TEXTS[asked.chosen()?.way ?? "rollback"];
  return (
    <Section title="The way back">
      <div class="card turn">
        <Show when={way()} fallback={<p>In this phase the data doesn't change hands by hand.</p>}>
          {(to) => (
            <Show
              when={status()?.rollback?.possible}
              fallback={<p>It isn't open now. {status()?.rollback?.reason ?? ""}</p>}
            >
              <Show when={status()?.rollback?.possibleUntil}>
                {(until) => (
                  <p>
                    It is open until <When at={until()} />.
                  </p>
                )}
              </Show>
              <Show
                when={rights.data?.migrations.patch}
                fallback={<p>Your role may look at it, and doesn't let the data change hands.</p>}
              >
                <Button onClick={ask}>{TEXTS[to()].button}</Button>
              </Show>
            </Show>
          )}
        </Show>
        <p role="status">{said()}</p>
      </div>
      <Confirm
        open={asked.isOpen()}
        close={asked.close}
        title={texts().title}
        text={texts().text}
        button={texts().button}
        busy="Asking …"
        work={work}
        done={done}
      />
    </Section>
  );
}
