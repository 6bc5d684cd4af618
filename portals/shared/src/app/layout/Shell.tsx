//! What is around every view of whoever is signed in: the way past it, the head with the navigation, the place of the view.

import { Logo } from "@rerp/shared/ui";
import { A, type RouteSectionProps } from "@solidjs/router";
import { For, type JSX } from "solid-js";
import type { View } from "../views";
import { Boundary } from "./Boundary";
import { UserMenu } from "./UserMenu";

export function Shell(props: RouteSectionProps & { readonly views: readonly View[] }): JSX.Element {
  return (
    <>
      {/* "external" leaves it to the browser, which moves the focus; the router only scrolls. */}
      <a class="skip" href="#main" rel="external">
        Skip to the content
      </a>
      <header class="head">
        <div class="width head-row">
          <A class="head-name" href="/" end>
            <Logo />
            RERP
          </A>
          <nav class="head-links" aria-label="Main">
            <For each={props.views.filter((view) => view.label)}>
              {(view) => (
                <A href={view.path} end={view.path === "/"}>
                  {view.label}
                </A>
              )}
            </For>
          </nav>
          <UserMenu />
        </div>
      </header>
      <main id="main" class="width page" tabindex="-1">
        <Boundary>{props.children}</Boundary>
      </main>
    </>
  );
}
