//! The way from what is looked at to a person in it. It is the same matter: the reason goes along, unless they are looked at for another one already.

import { usePerson } from "@rerp/shared/app";
import { A } from "@solidjs/router";
import type { JSX } from "solid-js";
import { useMatter } from "../../about/matter";
import { reasonsOf } from "../../about/reasons";

export function PersonLink(props: { readonly person: string; readonly children?: JSX.Element }): JSX.Element {
  const staff = usePerson();
  const matter = useMatter();
  const carry = () => {
    const reasons = reasonsOf(staff().person);
    const reason = matter();
    if (reason && !reasons.of(props.person)) {
      reasons.set(props.person, reason);
    }
  };
  return (
    <A href={`/people/${props.person}`} onClick={carry}>
      {props.children ?? props.person}
    </A>
  );
}
