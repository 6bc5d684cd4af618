//! Short messages at the edge of the page, which go by themselves and wait while somebody reads them. For what needs no answer: what went wrong stands where
//! it went wrong.

import { Toast, toaster } from "@kobalte/core/toast";
import type { JSX } from "solid-js";
import { render } from "solid-js/web";

/** How long a message stays, in milliseconds. */
const STAYS = 6_000;
/** Messages at the same time. */
const MOST = 3;

let placed = false;

// Kobalte's own list has items with the role of a message, and a list may have none but its items.
function Region(): JSX.Element {
  return (
    <Toast.Region duration={STAYS} limit={MOST}>
      <Toast.List as="div" class="toasts" />
    </Toast.Region>
  );
}

/** Shows a message. The place for messages is made with the first one. */
export function toast(title: string, text?: string): void {
  if (!placed) {
    placed = true;
    const place = document.createElement("div");
    document.body.append(place);
    render(() => <Region />, place);
  }
  toaster.show((props) => (
    <Toast as="div" toastId={props.toastId} class="toast">
      <Toast.Title class="toast-title">{title}</Toast.Title>
      <Toast.Description class="toast-text">{text}</Toast.Description>
      <Toast.CloseButton class="toast-close" aria-label="Close">
        ×
      </Toast.CloseButton>
    </Toast>
  ));
}
