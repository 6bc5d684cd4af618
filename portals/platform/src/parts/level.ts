//! How deep in a view something is: which heading it has, and within what it is found.

import { createContext, useContext } from "solid-js";

export interface Level {
  readonly heading: "h2" | "h3" | "h4" | "h5";
  /** Identifiers of what names that which it is in; empty for what is in the view itself. */
  readonly within: string;
}

const NEXT = { h2: "h3", h3: "h4", h4: "h5", h5: "h5" } as const;

const Context = createContext<Level>({ heading: "h2", within: "" });
export const LevelProvider = Context.Provider;

export function useLevel(): Level {
  return useContext(Context);
}

/** What is in it. `named`: what names that; empty where its parts need no other name than their own. */
export function below(level: Level, named: string): Level {
  return { heading: NEXT[level.heading], within: [level.within, named].filter(Boolean).join(" ") };
}
