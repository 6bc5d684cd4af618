//! The platform's portal, for those who run the platform.

import { App } from "@rerp/shared/app";
import type { JSX } from "solid-js";
import { Keys } from "./keyboard/Keys";
import { VIEWS } from "./views";
import { WORDS } from "./words";

export function Platform(): JSX.Element {
  return <App views={VIEWS} beside={() => <Keys />} words={WORDS} />;
}
