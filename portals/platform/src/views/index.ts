//! Which view is at which address: the one table of views. A view has a folder here and a row below; its script is loaded when it is opened. Rows with a label are
//! in the navigation.

import type { View } from "@rerp/shared/app";
import { lazy } from "solid-js";

/** What those who run the platform see. */
export const VIEWS: readonly View[] = [
  { path: "/", label: "Search", component: lazy(() => import("./search/Search")) },
  { path: "/people/:person", component: lazy(() => import("./person/Identity")) },
  { path: "/people/:person/accounts", component: lazy(() => import("./person/Accounts")) },
  { path: "/people/:person/billing", component: lazy(() => import("./person/Billing")) },
  { path: "/people/:person/tests", component: lazy(() => import("./person/Tests")) },
  { path: "/accounts/:account", component: lazy(() => import("./account/Account")) },
  { path: "/leads", label: "Leads", component: lazy(() => import("./leads/Funnel")) },
  { path: "/leads/list", component: lazy(() => import("./leads/List")) },
  { path: "/leads/messages", component: lazy(() => import("./leads/Messages")) },
  { path: "/leads/suppressions", component: lazy(() => import("./leads/Suppressions")) },
  { path: "/offer", label: "Offer", component: lazy(() => import("./offer/Plans")) },
  { path: "/offer/modules", component: lazy(() => import("./offer/Modules")) },
  { path: "/platform", label: "Platform", component: lazy(() => import("./cluster/Overview")) },
  { path: "/platform/migrations/:name", component: lazy(() => import("./cluster/Migration")) },
  { path: "/audit", label: "Audit trail", component: lazy(() => import("./audit/Audit")) },
  { path: "/dead-letters", label: "Dead letters", component: lazy(() => import("./letters/Letters")) },
  { path: "/stripe", label: "Stripe", component: lazy(() => import("./stripe/Events")) },
];
