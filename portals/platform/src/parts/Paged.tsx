//! A list that is read page by page. In: how a page is asked for. Out: one page, and the ways to the next and back.

import { Loaded } from "@rerp/shared/app";
import { Button } from "@rerp/shared/ui";
import { useQuery } from "@tanstack/solid-query";
import { createSignal, type JSX, Show } from "solid-js";

/** Rows of a page. */
export const ROWS = 50;

/** Where a page begins; the first one begins nowhere. */
export type Cursor = { readonly cursor?: string };

export interface PageOf<T> {
  readonly items: readonly T[];
  readonly next_cursor?: string | null;
}

export interface PagedProps<T> {
  /** By what its pages are kept. */
  readonly name: readonly unknown[];
  readonly load: (cursor: Cursor) => Promise<PageOf<T>>;
  /** What is loading. */
  readonly what: string;
  /** What stands where there is nothing. */
  readonly none: string;
  readonly children: (items: () => readonly T[]) => JSX.Element;
}

/** It begins anew where its name is another: give it a `keyed` place. */
export function Paged<T>(props: PagedProps<T>): JSX.Element {
  const [past, setPast] = createSignal<readonly string[]>([]);
  const cursor = (): Cursor => {
    const last = past().at(-1);
    return last === undefined ? {} : { cursor: last };
  };
  const query = useQuery(() => ({
    queryKey: [...props.name, "page", cursor()],
    queryFn: () => props.load(cursor()),
  }));
  const next = () => (query.isSuccess ? (query.data.next_cursor ?? undefined) : undefined);
  const go = () => {
    const to = next();
    if (to) {
      setPast((before) => [...before, to]);
    }
  };
  return (
    <>
      <Loaded query={query} what={props.what}>
        {(page) => (
          <Show when={page().items.length > 0} fallback={<p class="card">{props.none}</p>}>
            {props.children(() => page().items)}
          </Show>
        )}
      </Loaded>
      <Show when={past().length > 0 || next()}>
        <div class="row">
          <Button busy={past().length === 0} onClick={() => setPast((before) => before.slice(0, -1))}>
            Page before
          </Button>
          <Button busy={!next()} onClick={go}>
            Next page
          </Button>
          <p role="status">
            Page {past().length + 1}
            {query.isSuccess && !next() ? ", the last one" : ""}
          </p>
        </div>
      </Show>
    </>
  );
}
