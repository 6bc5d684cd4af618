//! What is around the views of one person: why they are looked at, and the ways between the views. What is asked within says why.

import { Page, Sections } from "@rerp/shared/app";
import { useParams } from "@solidjs/router";
import { type JSX, Show } from "solid-js";
import { About } from "../../about/About";
import { identifier } from "../search/find";
import "@rerp/shared/records.css";
import "../../parts/parts.css";

export function Within(props: {
  readonly title: string;
  readonly children: (person: string) => JSX.Element;
}): JSX.Element {
  const params = useParams<{ person: string }>();
  const id = () => identifier(params.person);
  const all = (person: string) =>
    [
      [`/people/${person}`, "Identity"],
      [`/people/${person}/accounts`, "Accounts"],
      [`/people/${person}/billing`, "Billing"],
      [`/people/${person}/tests`, "Tests"],
    ] as const;
  return (
    <Page title={props.title}>
      <Show when={id()} fallback={<p class="card">This is nobody's identifier.</p>} keyed>
        {(person) => (
          <>
            <p class="small">Person {person}</p>
            <Sections name="This person" all={all(person)} />
            <About subject={person}>{() => props.children(person)}</About>
          </>
        )}
      </Show>
    </Page>
  );
}
