//! Which view is at which address. In: a portal's table of views. Out: routes, for whoever is signed in and for strangers. A view's script is loaded when it is
//! opened.

import type { RouteDefinition } from "@solidjs/router";
import { lazy } from "solid-js";

/** A row of a portal's table. */
export interface View {
  /** As the router reads it: `/accounts/:id`. */
  readonly path: string;
  /** In the navigation, in this order. */
  readonly label?: string;
  readonly component: NonNullable<RouteDefinition["component"]>;
}

const NotFound = lazy(() => import("./not-found/NotFound"));
const Forward = lazy(() => import("./sign-in/Forward"));

/** The ways in, which lead whoever is in already to the first view. */
const WAYS: readonly View[] = [{ path: "/forgot", component: lazy(() => import("./sign-in/Forgot")) }];

const route = ({ path, component }: View): RouteDefinition => ({ path, component });

/** What whoever is signed in sees. `everybody`: views that strangers see as well. */
export function own(views: readonly View[], everybody: readonly View[]): RouteDefinition[] {
  return [
    ...[...views, ...everybody].map(route),
    ...[...WAYS, { path: "/sign-in" }].map(({ path }) => ({ path, component: Forward })),
    { path: "*", component: NotFound },
  ];
}

/** What nobody in particular sees: at every other address they are asked to sign in. */
export function strangers(everybody: readonly View[]): RouteDefinition[] {
  return [...[...WAYS, ...everybody].map(route), { path: "*", component: lazy(() => import("./sign-in/SignIn")) }];
}
