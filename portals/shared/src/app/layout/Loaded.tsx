//! What a view loads, in its three faces: still loading, not to be had, there. An empty list is a matter of its view.

import { Button, ProblemNotice } from "@rerp/shared/ui";
import type { UseQueryResult } from "@tanstack/solid-query";
import { type JSX, Match, Switch } from "solid-js";
import { Failure } from "../api";

export interface LoadedProps<T> {
  readonly query: UseQueryResult<T, Error>;
  /** What is loading, for whoever can't see it. */
  readonly what: string;
  readonly children: (data: () => T) => JSX.Element;
}

export function Loaded<T>(props: LoadedProps<T>): JSX.Element {
  const problem = () => {
    const error = props.query.error;
    return error instanceof Failure ? error.problem : ({ kind: "unknown", fields: {} } as const);
  };
  return (
    <Switch>
      <Match when={props.query.isPending}>
        <div class="bones" role="status" aria-busy="true">
          <p class="visually-hidden">Loading {props.what}</p>
          <span class="bone" aria-hidden="true" />
          <span class="bone" aria-hidden="true" />
        </div>
      </Match>
      <Match when={props.query.isError && props.query.data === undefined}>
        <div class="card stack">
          <ProblemNotice problem={problem()} />
          <Button busy={props.query.isFetching} onClick={() => void props.query.refetch()}>
            Try again
          </Button>
        </div>
      </Match>
      <Match when={props.query.isSuccess || props.query.data !== undefined}>
        {props.children(() => props.query.data as T)}
      </Match>
    </Switch>
  );
}
