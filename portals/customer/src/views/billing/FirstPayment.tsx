//! The first payment of a subscription, confirmed by whoever pays. Its secret is in the answer to subscribing and nowhere else, so it is gone with the page.

import { createEffect, type JSX, Show } from "solid-js";
import { CardPlace } from "./card/CardPlace";

export function FirstPayment(props: { readonly secret: string | undefined; readonly paid: () => void }): JSX.Element {
  let heading: HTMLHeadingElement | undefined;
  // It is the next step of subscribing.
  createEffect(() => props.secret && heading?.focus());
  const paid = () => {
    props.paid();
    heading?.focus();
  };
  return (
    <section class="card stack" aria-labelledby="first">
      <h3 id="first" tabindex="-1" ref={(element) => (heading = element)}>
        The first payment
      </h3>
      <Show
        when={props.secret}
        keyed
        fallback={
          <p>
            If you have just paid, this takes a moment. Otherwise the payment can't be confirmed on this page any more:
            end the subscription at once, which costs nothing, and choose the plan again.
          </p>
        }
      >
        {(secret) => (
          <CardPlace
            button="Pay and begin"
            busy="Paying …"
            known={secret}
            secret={() => Promise.resolve(secret)}
            done={paid}
          />
        )}
      </Show>
    </section>
  );
}
