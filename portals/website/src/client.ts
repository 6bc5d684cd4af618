//! What browsers run: it takes over the living parts of a page, and asks once what it may remember. A page is whole without it.

import "@rerp/shared/styles.css";
import "./styles/layout.css";
import "./styles/home.css";
import { hydrate } from "solid-js/web";
import { watchChoices } from "./choices/watch";
import { watchExit } from "./exit/watch";
import { ISLANDS, isIsland } from "./islands";

// What Solid expects a script in the page to have made. That one would have to be inline, which our pages forbid; it also catches what happens before this
// runs, and forms do without: they are sent by the browser then.
Object.assign(globalThis, { _$HY: { events: [], completed: new WeakSet(), r: {}, fe() {} } });

for (const place of document.querySelectorAll<HTMLElement>("[data-island]")) {
  const name = place.dataset.island;
  if (isIsland(name)) {
    hydrate(ISLANDS[name], place, { renderId: name });
  }
}
watchChoices();
watchExit();
