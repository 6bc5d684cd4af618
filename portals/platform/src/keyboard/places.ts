//! Where the palette leads. In: what was typed. Out: places that fit, views first come as they are in the navigation. Pure.

import type { View } from "@rerp/shared/app";
import { identifier } from "../views/search/find";

export interface Place {
  readonly path: string;
  readonly label: string;
}

/** An identifier doesn't say whose it is, so both are offered; whoever opens one is asked why first. */
export function places(views: readonly View[], typed: string): readonly Place[] {
  const id = identifier(typed);
  if (id) {
    return [
      { path: `/people/${id}`, label: `Person ${id}` },
      { path: `/accounts/${id}`, label: `Account ${id}` },
    ];
  }
  const text = typed.trim().toLowerCase();
  return views.flatMap(({ path, label }) => (label?.toLowerCase().includes(text) ? [{ path, label }] : []));
}
