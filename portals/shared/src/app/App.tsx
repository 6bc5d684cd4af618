//! The portal: who is signed in decides which views there are. Nobody is sent elsewhere: whoever signs in at an address sees what they came for.

import type { OwnWords } from "@rerp/shared/api";
import { Button, WordsProvider } from "@rerp/shared/ui";
import { type RouteDefinition, Router } from "@solidjs/router";
import { QueryClientProvider } from "@tanstack/solid-query";
import { type JSX, Match, onCleanup, Show, Switch } from "solid-js";
import { ApiProvider, createPersonalApi, createQueries } from "./api";
import { Alone } from "./layout/Alone";
import { Page } from "./layout/Page";
import { Shell } from "./layout/Shell";
import { type Session, SessionProvider, useSession } from "./session";
import { own, strangers, type View } from "./views";

export interface AppProps {
  /** What whoever is signed in sees; rows with a label are in the navigation. */
  readonly views: readonly View[];
  /** What everybody sees, signed in or not. */
  readonly everybody?: readonly View[];
  /** What is beside the views of whoever is signed in, and knows where they are. */
  readonly beside?: () => JSX.Element;
  /** Words for problems, where whoever works here needs others than customers. */
  readonly words?: OwnWords;
  /** For tests; otherwise the browser's. */
  readonly session?: Session;
}

export function App(props: AppProps): JSX.Element {
  return (
    <SessionProvider {...(props.session ? { session: props.session } : {})}>
      <WordsProvider value={props.words ?? {}}>
        <Gate views={props.views} everybody={props.everybody ?? []} beside={props.beside} />
      </WordsProvider>
    </SessionProvider>
  );
}

function Gate(props: {
  readonly views: readonly View[];
  readonly everybody: readonly View[];
  readonly beside: AppProps["beside"];
}): JSX.Element {
  const session = useSession();
  const person = () => {
    const who = session.who();
    return who.state === "in" ? who.person : undefined;
  };
  return (
    <Switch>
      <Match when={session.who().state === "starting"}>
        <div aria-busy="true">
          <p class="visually-hidden" role="status">
            Loading
          </p>
        </div>
      </Match>
      <Match when={session.who().state === "away"}>
        <main class="width alone">
          <Page title="We can't be reached">
            <p>Whether you are signed in can't be asked right now. Are you online?</p>
            <Button weight="first" onClick={() => void session.start()}>
              Try again
            </Button>
          </Page>
        </main>
      </Match>
      <Match when={session.who().state === "out"}>
        <Router root={Alone}>{strangers(props.everybody)}</Router>
      </Match>
      <Match when={person()}>
        {/* Another person is another portal: nothing that was loaded for the one is shown to the other. */}
        <Show when={person()} keyed>
          {(who) => (
            <Own person={who} views={props.views} routes={own(props.views, props.everybody)} beside={props.beside} />
          )}
        </Show>
      </Match>
    </Switch>
  );
}

/** Not named Portal, which is a word of Solid's own: its compiler takes that one, whatever stands here. */
function Own(props: {
  readonly person: string;
  readonly views: readonly View[];
  readonly routes: RouteDefinition[];
  readonly beside: AppProps["beside"];
}): JSX.Element {
  const queries = createQueries();
  const api = createPersonalApi(useSession(), props.person);
  onCleanup(() => queries.clear());
  return (
    <QueryClientProvider client={queries}>
      <ApiProvider value={api}>
        <Router
          root={(section) => (
            <>
              <Shell views={props.views} {...section} />
              {props.beside?.()}
            </>
          )}
        >
          {props.routes}
        </Router>
      </ApiProvider>
    </QueryClientProvider>
  );
}
