//! What is held of somebody: taking it along, and having it erased.

import type { JSX } from "solid-js";
import { Erase } from "./Erase";
import { Export } from "./Export";
import { Me } from "./Me";

export default function Data(): JSX.Element {
  return (
    <Me title="Your data">
      <Export />
      <Erase />
    </Me>
  );
}
