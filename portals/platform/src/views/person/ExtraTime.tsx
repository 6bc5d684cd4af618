//! More time for tests, for whoever needs it: set, changed and taken away. Why they need it is written down nowhere.

import type { Problem, TestSchemas } from "@rerp/shared/api";
import { attempt, Confirm, Form, Loaded, orNone, taken, useApi, When } from "@rerp/shared/app";
import { Button, type FieldSpec } from "@rerp/shared/ui";
import { useQuery, useQueryClient } from "@tanstack/solid-query";
import { createSignal, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { PERSON } from "./queries";

type Data = TestSchemas["ExtraTime"];

/** In percent of a module's time, as the service takes it. */
const MOST = 200;
const WRONG = `A whole number from 1 to ${MOST}.`;

const field = (percent: number | undefined): FieldSpec => ({
  name: "percent",
  label: "Percent of a module's time",
  inputmode: "numeric",
  required: true,
  maxlength: 3,
  hint: `On top of it: 25 makes 75 minutes of an hour. ${WRONG}`,
  value: percent === undefined ? "" : String(percent),
});

export function ExtraTime(props: { readonly person: string }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const params = () => ({ path: { human_name_id: props.person } });
  const key = () => [PERSON, props.person, "extra-time"];
  const load = () =>
    orNone(taken(api.GET("/api/fte/people/{human_name_id}/extra-time", { params: params() })) as Promise<Data>);
  const query = useQuery(() => ({ queryKey: key(), queryFn: load }));
  const [said, setSaid] = createSignal("");
  const [isAsked, setAsked] = createSignal(false);
  const send = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    setSaid("");
    const percent = Number(values.percent);
    if (!/^\d+$/.test(values.percent ?? "") || percent < 1 || percent > MOST) {
      return { kind: "invalid-value", fields: { percent: WRONG } };
    }
    return attempt(async () => {
      const body = { percent };
      const set = await taken(api.PUT("/api/fte/people/{human_name_id}/extra-time", { params: params(), body }));
      queries.setQueryData(key(), set);
      setSaid("It is set, for tests that begin from now on.");
    });
  };
  const take = () => taken(api.DELETE("/api/fte/people/{human_name_id}/extra-time", { params: params() }));
  return (
    <Section title="Extra time">
      <Loaded query={query} what="extra time">
        {(found) => (
          <>
            <Show when={found()} fallback={<p>They have no more time than others.</p>}>
              {(time) => (
                <p>
                  They have {time().percent} % more time, since <When at={time().updated_at} />.
                </p>
              )}
            </Show>
            <Show when={{ percent: found()?.percent }} keyed>
              {(now) => <Form fields={[field(now.percent)]} button="Set it" busy="Setting …" send={send} stays />}
            </Show>
            <Show when={found()}>
              <Button onClick={() => setAsked(true)}>Take it away</Button>
            </Show>
          </>
        )}
      </Loaded>
      <p role="status">{said()}</p>
      <Confirm
        open={isAsked()}
        close={() => setAsked(false)}
        title="Take the extra time away?"
        text="Tests that begin from now on take as long as everybody's."
        button="Take it away"
        busy="Taking away …"
        work={take}
        done={() => {
          setSaid("It is taken away.");
          queries.setQueryData(key(), null);
        }}
      />
    </Section>
  );
}
