//! Having everything erased: what happens, a word typed as consent, how far it is, and being signed out when it is done.

import type { Problem } from "@rerp/shared/api";
import { createAct, Failure, Loaded, usePerson, useSession } from "@rerp/shared/app";
import { Consent, createErasing, type Erasure, type Following, howFar, Receipts } from "@rerp/shared/people";
import { Button, type FieldSpec, ProblemNotice } from "@rerp/shared/ui";
import { createEffect, createSignal, type JSX, Show } from "solid-js";

const WORD = "erase";
const FIELD: FieldSpec = {
  name: "word",
  label: `Type “${WORD}” to say that you mean it`,
  required: true,
  maxlength: 20,
};

export function Erase(): JSX.Element {
  const session = useSession();
  // Whoever is erased meanwhile is nobody here; the calls need the name that they had.
  const { person } = usePerson()();
  const leave = createAct(async () => {
    const problem = await session.signOut();
    if (problem) {
      throw new Failure(problem, 0);
    }
  });
  const { query, following, begin } = createErasing(person, ["identity", "erasure", person], () => void leave.run());
  return (
    <section class="stack" aria-labelledby="erase">
      <h2 id="erase">Have it erased</h2>
      <Show
        when={following.last()}
        fallback={
          <Loaded query={query} what="whether you are being erased">
            {() => <Ask send={begin} />}
          </Loaded>
        }
      >
        {(last) => <Progress erasure={last()} following={following} leave={leave} />}
      </Show>
    </section>
  );
}

function Ask(props: { readonly send: () => Promise<Problem | undefined> }): JSX.Element {
  return (
    <>
      <p>
        Every service deletes what it holds of you, or clears your name from what the law makes us keep. Nobody can take
        that back.
      </p>
      <ul class="stack">
        <li>You lose your roles in all accounts. Those that you share go on without you.</li>
        <li>What was paid stays in our books for as long as tax law asks, by numbers and without your name.</li>
        <li>There is nothing left here that you could sign in to.</li>
      </ul>
      <p>Take your data along first, if you may want it.</p>
      <Consent
        open="Erase me …"
        button="Erase me for good"
        field={FIELD}
        word={WORD}
        refusal={`Type the word “${WORD}”.`}
        send={props.send}
      />
    </>
  );
}

function Progress(props: {
  readonly erasure: Erasure;
  readonly following: Following;
  readonly leave: ReturnType<typeof createAct>;
}): JSX.Element {
  const [place, setPlace] = createSignal<HTMLDivElement>();
  createEffect(() => queueMicrotask(() => place()?.focus()));
  const text = () => {
    const done = howFar(props.erasure);
    return {
      open: done,
      overdue: `${done} It takes longer than it should; somebody here looks at it.`,
      completed: "Everything is erased. You are being signed out.",
    }[props.erasure.state];
  };
  return (
    <div class="card stack" tabindex="-1" ref={setPlace}>
      <h3>You are being erased</h3>
      <p role="status">{text()}</p>
      <Receipts erasure={props.erasure} following={props.following} />
      <ProblemNotice problem={props.leave.problem()} />
      <Button busy={props.leave.busy()} onClick={() => void props.leave.run()}>
        {props.leave.busy() ? "Signing out …" : "Sign out now"}
      </Button>
    </div>
  );
}
