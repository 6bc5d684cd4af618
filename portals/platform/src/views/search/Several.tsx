//! Several people who have one address, and opening one of them.

import { When } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { For, type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import type { Found } from "./find";
import "@rerp/shared/records.css";

export function Several(props: {
  readonly people: readonly Found[];
  readonly open: (person: string) => void;
}): JSX.Element {
  const name = (each: Found) => [each.first_name, each.surname].filter(Boolean).join(" ") || "Without a name";
  return (
    <>
      <p role="status">{props.people.length > 0 ? `${props.people.length} people have this address.` : ""}</p>
      <Show when={props.people.length > 0}>
        <Section title="Who has this address">
          <ul class="records">
            <For each={props.people}>
              {(each) => (
                <li class="card record">
                  <div>
                    <p>{name(each)}</p>
                    <p class="small">
                      {each.human_name_id}, known since <When at={each.created_at} isDay />; address{" "}
                      {each.email_verified ? "proved" : "not proved"}, telephone{" "}
                      {each.phone_verified ? "proved" : "not proved"}
                    </p>
                  </div>
                  <Button onClick={() => props.open(each.human_name_id)}>
                    Open<span class="visually-hidden">: {name(each)}</span>
                  </Button>
                </li>
              )}
            </For>
          </ul>
        </Section>
      </Show>
    </>
  );
}
