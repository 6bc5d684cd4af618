//! The parts of pages that live: rendered into the pages when they are built, taken over by the same components in browsers. Everything else on a page is
//! text, for which no script is sent.

import type { JSX } from "solid-js";
import { Plans } from "./Plans";
import { WebForm } from "./WebForm";

/** By their names; no name begins with another one, for Solid finds an island's nodes by the beginning of their marks. */
export const ISLANDS = {
  hero: () => <WebForm name="hero" />,
  plans: () => <Plans />,
  trial: () => <WebForm name="trial" />,
  contact: () => <WebForm name="contact" />,
} satisfies Record<string, () => JSX.Element>;

export type IslandName = keyof typeof ISLANDS;

export function isIsland(name: string | undefined): name is IslandName {
  return name !== undefined && Object.hasOwn(ISLANDS, name);
}
