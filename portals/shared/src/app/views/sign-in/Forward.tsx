//! A way in, for somebody who is in already.

import { Navigate } from "@solidjs/router";
import type { JSX } from "solid-js";

export default function Forward(): JSX.Element {
  return <Navigate href="/" />;
}
