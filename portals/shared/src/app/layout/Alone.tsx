//! What is around the views of strangers: the name, and one narrow column.

import { Logo } from "@rerp/shared/ui";
import type { RouteSectionProps } from "@solidjs/router";
import type { JSX } from "solid-js";
import { Boundary } from "./Boundary";

export function Alone(props: RouteSectionProps): JSX.Element {
  return (
    <>
      <header class="head">
        <div class="width head-row">
          <span class="head-name">
            <Logo />
            RERP
          </span>
        </div>
      </header>
      <main id="main" class="width alone" tabindex="-1">
        <Boundary>{props.children}</Boundary>
      </main>
    </>
  );
}
