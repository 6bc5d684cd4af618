//! What is around every page: the way past it, the head, the foot.

import { LinkButton, Logo } from "@rerp/shared/ui";
import type { JSX } from "solid-js";
import { SITE } from "../site";

export function Frame(props: { readonly children: JSX.Element }): JSX.Element {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="head">
        <div class="width head-row">
          <a class="head-name" href="/">
            <Logo />
            {SITE.name}
          </a>
          <nav class="head-links" aria-label="Main">
            <a href="/#plans">Plans</a>
            <a href="/contact">Contact</a>
            <LinkButton weight="first" href="/#trial">
              Free trial
            </LinkButton>
          </nav>
        </div>
      </header>
      <main id="main" tabindex="-1">
        {props.children}
      </main>
      <footer class="foot">
        <div class="width foot-row">
          <p class="foot-name">{SITE.company.name}</p>
          <nav class="foot-links" aria-label="About us">
            <a href="/contact">Contact</a>
            <a href="/legal/imprint">Imprint</a>
            <a href="/legal/privacy">Privacy</a>
            <a href="/legal/terms">Terms</a>
            <button type="button" class="button button-quiet" data-choices="" hidden>
              What this browser remembers
            </button>
          </nav>
        </div>
      </footer>
    </>
  );
}
