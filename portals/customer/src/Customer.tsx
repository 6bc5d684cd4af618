//! The customers' portal.

import { App } from "@rerp/shared/app";
import type { JSX } from "solid-js";
import { EVERYBODY, VIEWS } from "./views";

export function Customer(): JSX.Element {
  return <App views={VIEWS} everybody={EVERYBODY} />;
}
