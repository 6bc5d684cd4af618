//! The place of a living part. When pages are built, the part's own HTML takes the place of the mark, with marks of its own by which browsers take it over.

import type { JSX } from "solid-js";
import type { IslandName } from "../islands";

/** Nothing that a page says looks like this. */
export function mark(name: IslandName): string {
  return `[[island ${name}]]`;
}

export function Island(props: { readonly name: IslandName }): JSX.Element {
  return <div data-island={props.name}>{mark(props.name)}</div>;
}
