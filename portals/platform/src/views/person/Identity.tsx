//! Who somebody is: names, contacts, sign-ins; taking what is held along, and being erased.

import type { JSX } from "solid-js";
import { Contacts } from "./Contacts";
import { Erase } from "./Erase";
import { Export } from "./Export";
import { Names } from "./Names";
import { SignIns } from "./SignIns";
import { Within } from "./Within";

export default function Identity(): JSX.Element {
  return (
    <Within title="Person">
      {(person) => (
        <>
          <Names person={person} />
          <Contacts person={person} />
          <SignIns person={person} />
          <Export person={person} />
          <Erase person={person} />
        </>
      )}
    </Within>
  );
}
