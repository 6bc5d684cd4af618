//! The reason for which something is shown, and changing it.

import { Button } from "@rerp/shared/ui";
import { createSignal, type JSX, Show } from "solid-js";
import { Why } from "./Why";

export function Banner(props: { readonly reason: string; readonly say: (reason: string) => void }): JSX.Element {
  const [isChanging, setChanging] = createSignal(false);
  let button: HTMLButtonElement | undefined;
  const end = () => {
    setChanging(false);
    queueMicrotask(() => button?.focus());
  };
  const say = (reason: string) => {
    props.say(reason);
    end();
  };
  return (
    <Show when={!isChanging()} fallback={<Why say={say} value={props.reason} cancel={end} />}>
      <section class="notice row why" aria-label="Why you look">
        <p>
          You look at this because: <strong>{props.reason}</strong>
        </p>
        <Button ref={(element) => (button = element)} onClick={() => setChanging(true)}>
          Change the reason
        </Button>
      </section>
    </Show>
  );
}
