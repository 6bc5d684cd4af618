//! A part of a view, with its heading. It loads by itself, and fails by itself.

import { createUniqueId, type JSX } from "solid-js";
import { Dynamic } from "solid-js/web";
import { below, LevelProvider, useLevel } from "./level";

export function Section(props: { readonly title: string; readonly children: JSX.Element }): JSX.Element {
  const id = createUniqueId();
  const level = useLevel();
  return (
    <section class="stack part" aria-labelledby={level.within ? `${id} ${level.within}` : id}>
      <Dynamic component={level.heading} id={id} class="part-title">
        {props.title}
      </Dynamic>
      <LevelProvider value={below(level, "")}>{props.children}</LevelProvider>
    </section>
  );
}
