//! A moment, in the language and the zone of whoever reads it.

import type { JSX } from "solid-js";

export function When(props: { readonly at: string; readonly isDay?: boolean }): JSX.Element {
  const text = () => {
    const style = props.isDay
      ? ({ dateStyle: "medium" } as const)
      : ({ dateStyle: "medium", timeStyle: "short" } as const);
    return new Intl.DateTimeFormat(navigator.language, style).format(new Date(props.at));
  };
  return <time datetime={props.at}>{text()}</time>;
}
