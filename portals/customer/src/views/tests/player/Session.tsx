//! A test that somebody takes: the questions while it runs, the result afterwards. At its own address, so that another device goes on where this one was.

import { Loaded, Page, useApi } from "@rerp/shared/app";
import { useParams } from "@solidjs/router";
import { useQuery, useQueryClient } from "@tanstack/solid-query";
import { createEffect, type JSX, Show } from "solid-js";
import { asked } from "../call";
import type { Module, Session } from "../types";
import { Player } from "./Player";
import { createPlay, load, runs } from "./play";
import { Result } from "./Result";
import "../tests.css";

export default function SessionView(): JSX.Element {
  const api = useApi();
  const params = useParams<{ id: string }>();
  const query = useQuery(() => ({
    queryKey: ["fte", "session", params.id],
    queryFn: async () => {
      const session = await load(api, params.id);
      const path = { code: session.module };
      return { session, module: await asked(() => api.GET("/api/fte/modules/{code}", { params: { path } })) };
    },
    // From here on the player itself keeps it up to date; whoever comes back reads it anew.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  }));
  return (
    <Page title="Test">
      <Loaded query={query} what="the test">
        {(found) => (
          <Show when={found()} keyed>
            {({ session, module }) =>
              runs(session) ? (
                <Sitting session={session} module={module} />
              ) : (
                <Result session={session} module={module} />
              )
            }
          </Show>
        )}
      </Loaded>
    </Page>
  );
}

function Sitting(props: { readonly session: Session; readonly module: Module }): JSX.Element {
  const play = createPlay(useApi(), props.session);
  const queries = useQueryClient();
  createEffect(() => {
    if (!runs(play.session())) {
      // What is passed, and what was earned, are others now.
      void queries.invalidateQueries({ queryKey: ["fte", "courses"] });
      void queries.invalidateQueries({ queryKey: ["fte", "certificates"] });
    }
  });
  return (
    <Show
      when={runs(play.session())}
      fallback={<Result session={play.session()} module={props.module} refused={play.saver.state().refused} arrived />}
    >
      <Player play={play} module={props.module} />
    </Show>
  );
}
