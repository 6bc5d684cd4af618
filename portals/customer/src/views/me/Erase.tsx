//! Having everything erased: what happens, a word typed as consent, how far it is, and being signed out when it is done.

import type { Problem } from "@rerp/shared/api";
import { attempt, createAct, Failure, Form, Loaded, taken, useApi, usePerson, useSession } from "@rerp/shared/app";
import { createFollowing, type Erasure, type Following } from "@rerp/shared/people";
import { Button, type FieldSpec, ProblemNotice } from "@rerp/shared/ui";
import { useQuery } from "@tanstack/solid-query";
import { createEffect, createSignal, For, type JSX, on, Show } from "solid-js";

const WORD = "erase";
const FIELD: FieldSpec = {
  name: "word",
  label: `Type “${WORD}” to say that you mean it`,
  required: true,
  maxlength: 20,
};

export function Erase(): JSX.Element {
  const api = useApi();
  const session = useSession();
  const person = usePerson();
  // Whoever is erased meanwhile is nobody here; the calls need the name that they had.
  const params = { path: { human_name_id: person().person } };
  const ask = async () => (await taken(api.GET("/api/identity/user/{human_name_id}/erasure", { params }))) as Erasure;
  const leave = createAct(async () => {
    const problem = await session.signOut();
    if (problem) {
      throw new Failure(problem, 0);
    }
  });
  const following = createFollowing(ask, () => void leave.run());
  const query = useQuery(() => ({
    queryKey: ["identity", "erasure", params.path.human_name_id],
    queryFn: () => orNone(ask()),
  }));
  // One that began before goes on to be followed here.
  createEffect(
    on(
      () => (query.isSuccess ? query.data : undefined),
      (found) => {
        if (found && !following.last()) {
          following.begin(found);
        }
      },
    ),
  );
  const send = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    if (values.word?.toLowerCase() !== WORD) {
      return { kind: "invalid-value", fields: { word: `Type the word “${WORD}”.` } };
    }
    return attempt(async () => {
      following.begin((await taken(api.DELETE("/api/identity/user/{human_name_id}", { params }))) as Erasure);
    });
  };
  return (
    <section class="stack" aria-labelledby="erase">
      <h2 id="erase">Have it erased</h2>
      <Show
        when={following.last()}
        fallback={
          <Loaded query={query} what="whether you are being erased">
            {() => <Ask send={send} />}
          </Loaded>
        }
      >
        {(last) => <Progress erasure={last()} following={following} leave={leave} />}
      </Show>
    </section>
  );
}

/** Null: nothing is being erased. */
async function orNone(asked: Promise<Erasure>): Promise<Erasure | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Failure && error.status === 404) {
      return null;
    }
    throw error;
  }
}

function Ask(props: {
  readonly send: (values: Readonly<Record<string, string>>) => Promise<Problem | undefined>;
}): JSX.Element {
  const [isOpen, setOpen] = createSignal(false);
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
      <Show when={isOpen()} fallback={<Button onClick={() => setOpen(true)}>Erase me …</Button>}>
        <Form
          fields={[FIELD]}
          button="Erase me for good"
          busy="Asking …"
          send={props.send}
          cancel={() => setOpen(false)}
          focus
        />
      </Show>
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
    const { state, receipts, missing } = props.erasure;
    const done = `${receipts.length} of ${receipts.length + missing.length} services are done.`;
    if (state === "completed") {
      return "Everything is erased. You are being signed out.";
    }
    return state === "overdue" ? `${done} It takes longer than it should; somebody here looks at it.` : done;
  };
  return (
    <div class="card stack" tabindex="-1" ref={setPlace}>
      <h3>You are being erased</h3>
      <p role="status">{text()}</p>
      <ul class="records">
        <For each={props.erasure.receipts}>
          {({ service }) => (
            <li class="record">
              <span>{service}</span>
              <span class="proof-done">Done</span>
            </li>
          )}
        </For>
        <For each={props.erasure.missing}>
          {(service) => (
            <li class="record">
              <span>{service}</span>
              <span class="proof-open">Not yet</span>
            </li>
          )}
        </For>
      </ul>
      <ProblemNotice problem={props.following.problem()} />
      <Show when={props.following.isLeft()}>
        <p>It goes on by itself; nobody has to wait here.</p>
        <Button onClick={() => props.following.begin(props.erasure)}>Look again</Button>
      </Show>
      <ProblemNotice problem={props.leave.problem()} />
      <Button busy={props.leave.busy()} onClick={() => void props.leave.run()}>
        {props.leave.busy() ? "Signing out …" : "Sign out now"}
      </Button>
    </div>
  );
}
