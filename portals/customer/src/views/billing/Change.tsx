//! Another price for a subscription: first what it comes to, then the change, with exactly what was seen. A preview that isn't true any more changes nothing.

import type { Problem } from "@rerp/shared/api";
import { attempt, createAct, taken, useApi } from "@rerp/shared/app";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { A } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, type JSX, onMount, Show } from "solid-js";
import type { Offer } from "./Offers";
import { PreviewFacts } from "./PreviewFacts";
import { keep, type Present, type Preview, present, reload } from "./queries";
import { amount, cost } from "./words";

export interface ChangeProps {
  readonly account: string;
  readonly now: Present;
  readonly offer: Offer;
  readonly close: () => void;
  /** It is changed. */
  readonly done: () => void;
}

export function Change(props: ChangeProps): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const [seen, setSeen] = createSignal<{ readonly preview: Preview; readonly version: string }>();
  const [wrong, setWrong] = createSignal<Problem>();
  const [stale, setStale] = createSignal<string>();
  let heading: HTMLHeadingElement | undefined;
  const path = () => ({ account_id: props.account });

  const look = createAct(async () => {
    setSeen(undefined);
    // Before the answer: what is changed while it comes makes it stale.
    const { version } = props.now;
    const body = { price_id: props.offer.price.price_id };
    const answer = await taken(
      api.POST("/api/billing/subscription/{account_id}/preview", { params: { path: path() }, body }),
    );
    setWrong(undefined);
    setStale(undefined);
    setSeen({ preview: answer as Preview, version });
  });
  const change = createAct(async () => {
    const known = seen();
    if (!known) {
      return;
    }
    const params = { path: path(), header: { "If-Match": known.version } };
    const body = { price_id: known.preview.price_id, due_at_most: known.preview.due_now };
    const problem = await attempt(async () => {
      const now = await present(api.PUT("/api/billing/subscription/{account_id}/price", { params, body }));
      keep(queries, props.account, now);
    });
    if (!problem) {
      props.done();
      return;
    }
    await tell(problem);
  });
  /** What was seen and isn't true any more goes away, and nothing has changed. */
  const tell = async (problem: Problem) => {
    const isDearer = problem.kind === "invalid-value" && "due_at_most" in problem.fields;
    if (isDearer || problem.kind === "changed-meanwhile" || problem.kind === "ended") {
      setSeen(undefined);
      setStale(
        isDearer
          ? "By now it costs more than what you saw, so nothing was changed or charged. Look again at what it comes to."
          : "The subscription has changed since you looked, so nothing was changed or charged. Look again at what it comes to.",
      );
      await reload(queries, props.account);
      return;
    }
    setWrong(problem);
  };
  onMount(() => {
    heading?.focus();
    void look.run();
  });
  return (
    <section class="card stack" aria-labelledby="change">
      <h3 id="change" tabindex="-1" ref={(element) => (heading = element)}>
        {props.offer.plan.name}, {cost(props.offer.price)}
      </h3>
      <div class="notice-place" role="alert">
        <Show when={stale()}>{(words) => <p class="notice">{words()}</p>}</Show>
      </div>
      <Wrong problem={wrong() ?? look.problem()} />
      <Show when={look.busy()}>
        <p role="status">Asking what it comes to …</p>
      </Show>
      <Show when={seen()}>{(known) => <PreviewFacts preview={known().preview} />}</Show>
      <div class="row">
        <Show
          when={seen()}
          fallback={
            <Button busy={look.busy()} onClick={() => void look.run()}>
              Look again
            </Button>
          }
        >
          {(known) => (
            <Button weight="first" busy={change.busy()} onClick={() => void change.run()}>
              {change.busy() ? "Changing …" : agreed(known().preview)}
            </Button>
          )}
        </Show>
        <Button onClick={() => props.close()}>Keep what I have</Button>
      </div>
    </section>
  );
}

function agreed(preview: Preview): string {
  return preview.due_now > 0
    ? `Change it and pay ${amount(preview.due_now, preview.currency)} now`
    : "Change it; nothing is due now";
}

function Wrong(props: { readonly problem: Problem | undefined }): JSX.Element {
  const why = () => props.problem?.fields.price_id;
  return (
    <>
      <ProblemNotice problem={why() ? undefined : props.problem} />
      <div class="notice-place" role="alert">
        <Show when={why()}>{(words) => <p class="notice notice-wrong">This price can't be had: {words()}</p>}</Show>
        <Show when={props.problem?.kind === "payment-refused"}>
          <p>
            Nothing has changed. <A href="/billing/payment-methods">See your payment methods</A>
          </p>
        </Show>
      </div>
    </>
  );
}
