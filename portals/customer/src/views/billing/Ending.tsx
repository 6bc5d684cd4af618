//! How a subscription ends, or goes on after all. What somebody else has changed meanwhile isn't overwritten unseen.

import { Confirm, createAct, createAsked, Failure, useApi } from "@rerp/shared/app";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, type JSX, Show } from "solid-js";
import { keep, type Present, present, reload } from "./queries";
import { isRunning } from "./words";

interface Wish {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly said: string;
  /** None: at once. */
  readonly ends?: true;
}

const WITH_PERIOD: Wish = {
  title: "End it with its period?",
  text: "Until then everything stays as it is, and you can take it back. Nothing is charged after that.",
  button: "End with the period",
  said: "It ends with its period.",
  ends: true,
};
const AT_ONCE: Wish = {
  title: "End it at once?",
  text: "The account loses what is in its plan in this moment. What was paid isn't paid back, what was never paid isn't owed any more, and this can't be taken back.",
  button: "End at once",
  said: "It has ended.",
};

export function Ending(props: { readonly account: string; readonly now: Present }): JSX.Element {
  const api = useApi();
  const queries = useQueryClient();
  const asked = createAsked<Wish>();
  const [said, setSaid] = createSignal("");
  const path = () => ({ account_id: props.account });
  const it = () => props.now.subscription;
  /** What goes wrong is mostly that it isn't any more as it is shown. */
  const seen = async (work: Promise<Present>) => {
    try {
      keep(queries, props.account, await work);
    } catch (error) {
      if (error instanceof Failure && [409, 412].includes(error.status)) {
        await reload(queries, props.account);
      }
      throw error;
    }
  };
  const change = (cancel_at_period_end: boolean) => {
    const params = { path: path(), header: { "If-Match": props.now.version } };
    const body = { cancel_at_period_end };
    return seen(present(api.PUT("/api/billing/subscription/{account_id}", { params, body })));
  };
  const cancel = () =>
    seen(present(api.POST("/api/billing/subscription/{account_id}/cancel", { params: { path: path() } })));
  const goOn = createAct(async () => {
    await change(false);
    setSaid("It goes on.");
  });
  const ask = (wish: Wish) => {
    setSaid("");
    asked.ask(wish);
  };
  return (
    <>
      <p role="status">{said()}</p>
      <ProblemNotice problem={goOn.problem()} />
      <div class="row">
        <Show when={isRunning(it().status)}>
          <Show
            when={it().cancel_at_period_end}
            fallback={<Button onClick={() => ask(WITH_PERIOD)}>End with the period</Button>}
          >
            <Button weight="first" busy={goOn.busy()} onClick={() => void goOn.run()}>
              {goOn.busy() ? "Keeping …" : "Let it go on"}
            </Button>
          </Show>
        </Show>
        <Show when={it().status !== null}>
          <Button weight="quiet" onClick={() => ask(AT_ONCE)}>
            End at once
          </Button>
        </Show>
      </div>
      <Confirm
        open={asked.isOpen()}
        close={asked.close}
        title={asked.chosen()?.title ?? ""}
        text={asked.chosen()?.text ?? ""}
        button={asked.chosen()?.button ?? ""}
        busy="Ending …"
        work={() => (asked.chosen()?.ends ? change(true) : cancel())}
        done={() => setSaid(asked.chosen()?.said ?? "")}
      />
    </>
  );
}
