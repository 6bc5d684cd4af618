//! Where somebody is signed in: all of it, this one marked; one of them ended, or all others, or all.

import { Loaded, Question, When } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { For, type JSX, Show } from "solid-js";
import { Me } from "./Me";
import { type Found, type SignIn, useSignIns } from "./sign-ins";

/** What is to be ended, asked about first. */
interface Wish {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly work: () => Promise<unknown>;
  readonly said: string;
}

const STILL = "Whoever is signed in there can go on for a while, until their pass ends: an hour as a rule.";

export default function SignIns(): JSX.Element {
  const { query, reload, endOne, endOthers, endAll } = useSignIns();
  const one = (each: SignIn): Wish => ({
    title: "End this sign-in?",
    text: STILL,
    button: "End it",
    work: () => endOne(each.session_id),
    said: "The sign-in has ended.",
  });
  const others = (all: readonly SignIn[]): Wish => ({
    title: "End all others?",
    text: STILL,
    button: "End all others",
    work: () => endOthers(all),
    said: "All others have ended.",
  });
  const everywhere: Wish = {
    title: "Sign out everywhere?",
    text: `Here too. ${STILL}`,
    button: "Sign out everywhere",
    work: endAll,
    said: "",
  };
  return (
    <Me title="Sign-ins">
      <Question<Wish>
        title={({ title }) => title}
        text={({ text }) => text}
        button={({ button }) => button}
        busy="Ending …"
        work={({ work }) => work()}
        said={({ said }) => said}
        done={reload}
      >
        {(ask) => (
          <Loaded query={query} what="your sign-ins">
            {(found) => (
              <List
                found={found()}
                endOne={(each) => ask(one(each))}
                endOthers={(all) => ask(others(all))}
                endAll={() => ask(everywhere)}
              />
            )}
          </Loaded>
        )}
      </Question>
    </Me>
  );
}

function List(props: {
  readonly found: Found;
  readonly endOne: (each: SignIn) => void;
  readonly endOthers: (all: readonly SignIn[]) => void;
  readonly endAll: () => void;
}): JSX.Element {
  const others = () => props.found.items.filter((each) => each.session_id !== props.found.present);
  return (
    <>
      <Show when={props.found.items.length > 0} fallback={<p class="card">No sign-in is known that still goes on.</p>}>
        <ul class="records">
          <For each={props.found.items}>
            {(each) => (
              <Row signIn={each} isPresent={each.session_id === props.found.present} end={() => props.endOne(each)} />
            )}
          </For>
        </ul>
      </Show>
      <Show when={props.found.isCut}>
        <p>There are more than are shown here. Signing out everywhere ends all of them.</p>
      </Show>
      <div class="row">
        {/* Without knowing which one this is, all others would be this one too. */}
        <Show when={props.found.present && others().length > 0}>
          <Button onClick={() => props.endOthers(others())}>End all others</Button>
        </Show>
        <Button onClick={() => props.endAll()}>Sign out everywhere</Button>
      </div>
    </>
  );
}

function Row(props: { readonly signIn: SignIn; readonly isPresent: boolean; readonly end: () => void }): JSX.Element {
  return (
    <li class="card record">
      <div>
        <p>
          Since <When at={props.signIn.started_at} />{" "}
          <Show when={props.isPresent}>
            <span class="tag">This one</span>
          </Show>
        </p>
        <p class="small">
          Last used <When at={props.signIn.seen_at} />;{" "}
          {props.signIn.aal === "aal2" ? "with a second factor" : "with one factor"}
        </p>
      </div>
      <Show when={!props.isPresent}>
        <Button onClick={() => props.end()}>
          End
          <span class="visually-hidden">
            {" "}
            the one since <When at={props.signIn.started_at} />
          </span>
        </Button>
      </Show>
    </li>
  );
}
