//! Around every view: what is shown while its script comes, and when it breaks.

import { Button } from "@rerp/shared/ui";
import { useLocation } from "@solidjs/router";
import { createEffect, ErrorBoundary, type JSX, on, Suspense } from "solid-js";
import { Page } from "./Page";

export function Boundary(props: { readonly children: JSX.Element }): JSX.Element {
  return (
    <ErrorBoundary fallback={(_, reset) => <Broken reset={reset} />}>
      <Suspense
        fallback={
          <p class="loading" role="status" aria-busy="true">
            Loading …
          </p>
        }
      >
        {props.children}
      </Suspense>
    </ErrorBoundary>
  );
}

/** A script may be gone because the portal is newer by now, so the whole page is loaded again. Whoever goes to another view has it. */
function Broken(props: { readonly reset: () => void }): JSX.Element {
  const where = useLocation();
  createEffect(
    on(
      () => where.pathname,
      () => props.reset(),
      { defer: true },
    ),
  );
  return (
    <Page title="Something went wrong">
      <p>This page is broken right now. What you have sent before is safe.</p>
      <p class="page-end">
        <Button weight="first" onClick={() => location.reload()}>
          Load the page again
        </Button>
      </p>
    </Page>
  );
}
