//! There is no view at this address.

import { A } from "@solidjs/router";
import type { JSX } from "solid-js";
import { Page } from "../../layout/Page";

export default function NotFound(): JSX.Element {
  return (
    <Page title="Nothing is here">
      <p>This address leads nowhere, or not any more.</p>
      <p class="page-end">
        <A href="/">To the first page</A>
      </p>
    </Page>
  );
}
