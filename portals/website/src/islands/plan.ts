//! The plan that a visitor has chosen: the list of plans says it, the form for a trial sends it.

import type { Plan } from "@rerp/shared/api";
import { createSignal } from "solid-js";

export const [chosen, choose] = createSignal<Plan>();
