//! Around everything that is about somebody: nothing of it is there, and nothing is asked, before it is said why. Then the reason stands above, can be changed, and
//! goes with every call that is made within.

import { ApiProvider, usePerson, useSession } from "@rerp/shared/app";
import { type JSX, Show } from "solid-js";
import { createAboutApi } from "./api";
import { Banner } from "./Banner";
import { MatterProvider } from "./matter";
import { reasonsOf } from "./reasons";
import { Why } from "./Why";

export interface AboutProps {
  /** Whom or what it is about: an identifier, or a part of the portal. */
  readonly subject: string;
  /** Shown for a reason, which is given for what wants it elsewhere too. */
  readonly children: (reason: () => string) => JSX.Element;
}

export function About(props: AboutProps): JSX.Element {
  const session = useSession();
  const { person: staff } = usePerson()();
  const reasons = reasonsOf(staff);
  const within = (subject: string) => {
    const reason = () => reasons.of(subject) ?? "";
    const say = (words: string) => reasons.set(subject, words);
    return (
      <Show when={reasons.of(subject)} fallback={<Why say={say} />}>
        <Banner reason={reason()} say={say} />
        <MatterProvider value={reason}>
          <ApiProvider value={createAboutApi(session, staff, reason)}>{props.children(reason)}</ApiProvider>
        </MatterProvider>
      </Show>
    );
  };
  // Somebody else is another matter: nothing that was begun about the one goes on about the other.
  return (
    <Show when={props.subject} keyed>
      {within}
    </Show>
  );
}
