//! Which view is at which address: the one table of views. A view has a folder here and a row below; its script is loaded when it is opened. Rows with a label are
//! in the navigation.

import type { View } from "@rerp/shared/app";
import { lazy } from "solid-js";

/** What whoever is signed in sees. */
export const VIEWS: readonly View[] = [
  { path: "/", label: "Home", component: lazy(() => import("./home/Home")) },
  { path: "/accounts", label: "Accounts", component: lazy(() => import("./accounts/Accounts")) },
  { path: "/accounts/new", component: lazy(() => import("./accounts/NewAccount")) },
  { path: "/accounts/:account", component: lazy(() => import("./accounts/Account")) },
  { path: "/accounts/:account/people", component: lazy(() => import("./accounts/People")) },
  { path: "/accounts/:account/addresses", component: lazy(() => import("./accounts/Addresses")) },
  // Where mails with invitations lead; the token is behind a `#`.
  { path: "/invitation", component: lazy(() => import("./accounts/Invitation")) },
  { path: "/billing", label: "Plan", component: lazy(() => import("./billing/Billing")) },
  { path: "/billing/payment-methods", component: lazy(() => import("./billing/Methods")) },
  { path: "/billing/:account/invoices", component: lazy(() => import("./billing/Invoices")) },
  { path: "/billing/:account", component: lazy(() => import("./billing/Plan")) },
  { path: "/me", label: "You", component: lazy(() => import("./me/Profile")) },
  { path: "/me/sign-ins", component: lazy(() => import("./me/SignIns")) },
  { path: "/me/data", component: lazy(() => import("./me/Data")) },
  { path: "/verify", component: lazy(() => import("./verify/Verify")) },
  { path: "/tests", label: "Tests", component: lazy(() => import("./tests/Tests")) },
  { path: "/tests/sessions/:id", component: lazy(() => import("./tests/player/Session")) },
  { path: "/tests/scenarios/:id", component: lazy(() => import("./tests/scenario/Scenario")) },
  { path: "/tests/practice/:code", component: lazy(() => import("./tests/scenario/Practice")) },
  { path: "/certificates", label: "Certificates", component: lazy(() => import("./certificates/Certificates")) },
  { path: "/certificates/:id", component: lazy(() => import("./certificates/Certificate")) },
];

/** What everybody sees, signed in or not. */
export const EVERYBODY: readonly View[] = [
  { path: "/certificates/verify/:token", component: lazy(() => import("./certificates/Verify")) },
];
