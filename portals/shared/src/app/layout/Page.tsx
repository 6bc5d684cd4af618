//! A view's own part: its heading, which gets the focus when somebody has come here from another view or step, and the title of the window.

import { createEffect, type JSX } from "solid-js";

/** After each view's title. */
const NAME = "RERP";

/** The first view leaves the focus where a browser puts it. */
let isFirst = true;

export function Page(props: { readonly title: string; readonly children: JSX.Element }): JSX.Element {
  let heading: HTMLHeadingElement | undefined;
  createEffect(() => {
    document.title = `${props.title} – ${NAME}`;
    if (!isFirst) {
      heading?.focus();
    }
    isFirst = false;
  });
  return (
    <>
      <h1 class="page-title" tabindex="-1" ref={(element) => (heading = element)}>
        {props.title}
      </h1>
      {props.children}
    </>
  );
}
