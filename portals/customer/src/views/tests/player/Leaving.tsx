//! Somebody goes to another view while answers aren't saved: they are asked first.

import { Button } from "@rerp/shared/ui";
import { type BeforeLeaveEventArgs, useBeforeLeave } from "@solidjs/router";
import { createSignal, type JSX, Show } from "solid-js";
import type { Saver } from "./saver";
import { unsaved } from "./saving";

export function Leaving(props: { readonly saver: Saver }): JSX.Element {
  const [leave, setLeave] = createSignal<BeforeLeaveEventArgs>();
  useBeforeLeave((event) => {
    if (!event.defaultPrevented && unsaved(props.saver.state()).length > 0) {
      event.preventDefault();
      props.saver.wake();
      setLeave(() => event);
    }
  });
  return (
    <div class="notice-place" role="alert">
      <Show when={leave()}>
        {(event) => (
          <div class="notice notice-wrong">
            <p>Some answers aren't saved yet. If you leave now, they are lost.</p>
            <div class="player-ways">
              <Button weight="first" onClick={() => setLeave(undefined)}>
                Stay
              </Button>
              <Button onClick={() => event().retry(true)}>Leave all the same</Button>
            </div>
          </div>
        )}
      </Show>
    </div>
  );
}
