//! A scenario at its own address: the market as far as it is visible, and what can be done in it.

import { Loaded, Page, useApi } from "@rerp/shared/app";
import { A, useNavigate, useParams } from "@solidjs/router";
import { useQuery } from "@tanstack/solid-query";
import { type JSX, Show } from "solid-js";
import { clock } from "../call";
import { moment } from "../clock";
import { createCountdown } from "../countdown";
import { load as loadSession, runs } from "../player/play";
import { Timer } from "../player/Timer";
import type { Scenario, Session } from "../types";
import { Market } from "./Market";
import { load } from "./run";
import "../tests.css";

export default function ScenarioView(): JSX.Element {
  const api = useApi();
  const params = useParams<{ id: string }>();
  const query = useQuery(() => ({
    queryKey: ["fte", "scenario", params.id],
    queryFn: async () => {
      const scenario = await load(api, params.id);
      return { scenario, session: scenario.session_id ? await loadSession(api, scenario.session_id) : undefined };
    },
    // From here on the view itself keeps it up to date.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  }));
  return (
    <Page title="Scenario">
      <Loaded query={query} what="the scenario">
        {(found) => (
          <Show when={found()} keyed>
            {({ scenario, session }) => (
              <>
                <Around scenario={scenario} session={session} />
                <Show
                  when={scenario.seq !== null}
                  fallback={<p class="card">This scenario hasn't begun. Begin another one.</p>}
                >
                  <Market scenario={scenario} />
                </Show>
              </>
            )}
          </Show>
        )}
      </Loaded>
    </Page>
  );
}

/** What it is part of: a test that runs has a clock, which goes on here. */
function Around(props: { readonly scenario: Scenario; readonly session: Session | undefined }): JSX.Element {
  return (
    <Show when={props.session} fallback={<p>An exercise: nothing of it counts.</p>}>
      {(session) => (
        <div class="player-head">
          <A href={`/tests/sessions/${session().session_id}?scenario=${props.scenario.scenario_id}`}>
            Back to the questions
          </A>
          <Show when={runs(session())} fallback={<p>The test has ended.</p>}>
            <Clock session={session()} />
          </Show>
        </div>
      )}
    </Show>
  );
}

function Clock(props: { readonly session: Session }): JSX.Element {
  const navigate = useNavigate();
  const countdown = createCountdown({
    clock,
    end: () => moment(props.session.expires_at) ?? 0,
    // There the session is handed in.
    over: () => navigate(`/tests/sessions/${props.session.session_id}`),
    woke: () => {},
  });
  return <Timer countdown={countdown} />;
}
