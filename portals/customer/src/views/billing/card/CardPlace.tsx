//! Where a card is typed in, on a page: the form of whoever takes cards here, what is wrong with the card, and a button.

import { createAct } from "@rerp/shared/app";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { useQuery } from "@tanstack/solid-query";
import { createSignal, type JSX, Match, onCleanup, onMount, Show, Switch } from "solid-js";
import { type CardForm, openForm } from "./form";
import { loadSettings, type Settings } from "./settings";

export interface CardPlaceProps {
  readonly button: string;
  readonly busy: string;
  /** The secret of what is to be paid, where there is one already. */
  readonly known?: string;
  /** The secret of what the card is for; throws a `Failure`. */
  readonly secret: () => Promise<string>;
  /** Stripe has taken the card. */
  readonly done: () => void;
  readonly cancel?: () => void;
  /** What is wrong with `secret`, where that is said otherwise. */
  readonly children?: (problem: () => ReturnType<ReturnType<typeof createAct>["problem"]>) => JSX.Element;
}

const UNKNOWN = "We aren't sure whether this was done. Please try again: it is done once.";

export function CardPlace(props: CardPlaceProps): JSX.Element {
  const query = useQuery(() => ({ queryKey: ["settings"], queryFn: loadSettings, retry: 1 }));
  return (
    <Switch
      fallback={
        <p role="status" aria-busy="true">
          Loading the form for your card …
        </p>
      }
    >
      <Match when={query.isError}>
        <Away again={() => void query.refetch()} />
      </Match>
      <Match when={query.isSuccess && query.data === null}>
        <p class="card">Cards can't be taken here right now.</p>
      </Match>
      <Match when={query.isSuccess && query.data}>{(settings) => <Opened {...props} settings={settings()} />}</Match>
    </Switch>
  );
}

function Away(props: { readonly again: () => void }): JSX.Element {
  return (
    <div class="stack">
      <p role="alert">The form for your card can't be loaded right now. Are you online?</p>
      <Button onClick={() => props.again()}>Try again</Button>
    </div>
  );
}

function Opened(props: CardPlaceProps & { readonly settings: Settings }): JSX.Element {
  const [form, setForm] = createSignal<CardForm>();
  const [isAway, setAway] = createSignal(false);
  const [refused, setRefused] = createSignal<string>();
  let place: HTMLDivElement | undefined;
  let isGone = false;
  const open = async () => {
    setAway(false);
    try {
      const opened = await openForm(props.settings, props.known);
      if (place && !isGone) {
        onEnd = opened.close;
        await opened.mount(place);
        setForm(opened);
      }
    } catch {
      onEnd();
      setAway(true);
    }
  };
  let onEnd = () => {};
  onMount(() => void open());
  onCleanup(() => {
    isGone = true;
    onEnd();
  });
  const act = createAct(async () => {
    setRefused(undefined);
    const secret = await props.secret();
    const result = (await form()?.confirm(secret)) ?? { state: "unknown" as const };
    if (result.state === "done") {
      props.done();
    } else {
      setRefused(result.state === "refused" ? result.words : UNKNOWN);
    }
  });
  return (
    <div class="stack">
      <div class="narrow" ref={(element) => (place = element)} />
      <Show when={isAway()}>
        <Away again={() => void open()} />
      </Show>
      <div class="notice-place" role="alert">
        <Show when={refused()}>{(words) => <p class="notice notice-wrong">{words()}</p>}</Show>
      </div>
      <Show when={props.children} fallback={<ProblemNotice problem={act.problem()} />}>
        {(shown) => shown()(act.problem)}
      </Show>
      <div class="row">
        <Show when={form()}>
          <Button weight="first" busy={act.busy()} onClick={() => void act.run()}>
            {act.busy() ? props.busy : props.button}
          </Button>
        </Show>
        <Show when={props.cancel}>{(cancel) => <Button onClick={() => cancel()()}>Not now</Button>}</Show>
      </div>
    </div>
  );
}
