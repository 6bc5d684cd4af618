//! Erasing somebody: what follows is said, their identifier is typed as consent, and how far it is is followed.

import { Loaded, When } from "@rerp/shared/app";
import { Consent, createErasing, type Erasure, type Following, howFar, Receipts } from "@rerp/shared/people";
import type { FieldSpec } from "@rerp/shared/ui";
import { useQueryClient } from "@tanstack/solid-query";
import { type JSX, Show } from "solid-js";
import { Section } from "../../parts/Section";
import { PERSON } from "./queries";

const FIELD: FieldSpec = {
  name: "consent",
  label: "Type the last six characters of the identifier to say that you mean this person",
  required: true,
  maxlength: 6,
};
const LAST = -6;

export function Erase(props: { readonly person: string }): JSX.Element {
  const queries = useQueryClient();
  const { person } = props;
  const renew = () => void queries.invalidateQueries({ queryKey: [PERSON, person] });
  const { query, following, begin } = createErasing(person, [PERSON, person, "erasure"], renew);
  return (
    <Section title="Erasure">
      <Show
        when={following.last()}
        fallback={
          <Loaded query={query} what="whether they are being erased">
            {() => (
              <>
                <p>
                  Every service deletes what it holds of this person, or clears their name from what the law makes us
                  keep. Nobody can take that back.
                </p>
                <Consent
                  open="Erase this person …"
                  button="Erase them for good"
                  field={FIELD}
                  word={person.slice(LAST)}
                  refusal="These aren't the last six characters of this identifier."
                  send={begin}
                />
              </>
            )}
          </Loaded>
        }
      >
        {(last) => <Progress erasure={last()} following={following} />}
      </Show>
    </Section>
  );
}

function Progress(props: { readonly erasure: Erasure; readonly following: Following }): JSX.Element {
  const text = () => {
    const done = howFar(props.erasure);
    return { open: done, overdue: `${done} It takes longer than it should.`, completed: "Everything is erased." }[
      props.erasure.state
    ];
  };
  return (
    <div class="card stack">
      <p role="status">{text()}</p>
      <p class="small">
        Asked for <When at={props.erasure.requested_at} />
      </p>
      <Receipts erasure={props.erasure} following={props.following} />
    </div>
  );
}
