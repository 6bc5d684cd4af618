//! Events that were given up, by service, and letting them go on. What comes after one of the same subject waits for it.

import { Page, Question, useApi, When } from "@rerp/shared/app";
import { Button, Field } from "@rerp/shared/ui";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, For, type JSX, Show } from "solid-js";
import { About } from "../../about/About";
import { Paged } from "../../parts/Paged";
import { Section } from "../../parts/Section";
import { Table } from "../../parts/Table";
import { isService, type Letter, letters, replay, SERVICES, type Service } from "./services";
import "@rerp/shared/records.css";
import "../../parts/parts.css";

const COLUMNS = ["Given up", "Event", "About", "Number", "Where", "Tried", "Why", "What can be done"];
const CHOOSE = { name: "service", label: "Service", required: true, maxlength: 20, choices: SERVICES };

export default function Letters(): JSX.Element {
  const [service, setService] = createSignal<Service>("identity");
  const choose = (event: Event) => {
    const { value } = event.target as HTMLSelectElement;
    if (isService(value)) {
      setService(value);
    }
  };
  return (
    <Page title="Dead letters">
      <About subject="dead-letters">
        {(reason) => (
          <>
            <div class="narrow" onInput={choose}>
              <Field spec={{ ...CHOOSE, value: service() }} mistake={undefined} />
            </div>
            <Show when={service()} keyed>
              {(chosen) => <Of service={chosen} reason={reason} />}
            </Show>
          </>
        )}
      </About>
    </Page>
  );
}

function Of(props: { readonly service: Service; readonly reason: () => string }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const key = () => ["dead-letters", props.service];
  return (
    <Section title="Given up">
      <Question<Letter>
        title="Let this event go on?"
        text="It is tried anew. First mend what it was given up for, or it comes back here."
        button="Let it go on"
        busy="Letting it go on …"
        work={({ id }) => replay(api, props.service, id, props.reason())}
        said="It goes on within seconds, and what waits for it after it."
        done={() => void queries.invalidateQueries({ queryKey: key() })}
      >
        {(ask) => (
          <Paged<Letter>
            name={key()}
            what="events that were given up"
            none="This service has given up no event."
            load={(cursor) => letters(api, props.service, cursor)}
          >
            {(items) => (
              <Table label="Events that were given up" columns={COLUMNS}>
                <For each={items()}>{(each) => <Row letter={each} replay={() => ask(each)} />}</For>
              </Table>
            )}
          </Paged>
        )}
      </Question>
    </Section>
  );
}

function Row(props: { readonly letter: Letter; readonly replay: () => void }): JSX.Element {
  return (
    <tr>
      <td>
        <When at={props.letter.dead_at} />
      </td>
      <td>{props.letter.event}</td>
      <td>{props.letter.subject_id}</td>
      <td class="number">{props.letter.sequence}</td>
      <td>{props.letter.queue === "outbox" ? "Not published" : "Came, without effect"}</td>
      <td class="number">{props.letter.attempts}</td>
      <td class="long">{props.letter.error ?? "Not said"}</td>
      <td>
        <Button onClick={() => props.replay()}>
          Let it go on<span class="visually-hidden">: {props.letter.id}</span>
        </Button>
      </td>
    </tr>
  );
}
