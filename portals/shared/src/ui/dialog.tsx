//! A dialog over the page. Kobalte keeps the focus in it, gives it back afterwards, closes it with Escape, and hides the page behind it from programs that
//! read pages aloud.

import { Dialog as Kobalte } from "@kobalte/core/dialog";
import type { JSX } from "solid-js";

const FIELD = "input:not([type=hidden]), textarea, select";

export interface DialogProps {
  readonly open: boolean;
  readonly close: () => void;
  readonly title: string;
  readonly description: string;
  readonly children: JSX.Element;
}

export function Dialog(props: DialogProps): JSX.Element {
  let content: HTMLElement | undefined;
  // What is to be filled in comes before the way out.
  const first = (event: Event) => {
    const field = content?.querySelector<HTMLElement>(FIELD);
    if (field) {
      event.preventDefault();
      field.focus();
    }
  };
  return (
    <Kobalte open={props.open} onOpenChange={(open) => !open && props.close()}>
      <Kobalte.Portal>
        <Kobalte.Overlay class="dialog-overlay" />
        <div class="dialog-place">
          <Kobalte.Content class="dialog" ref={(element) => (content = element)} onOpenAutoFocus={first}>
            <Kobalte.CloseButton class="dialog-close" aria-label="Close">
              <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
                <path
                  d="M6 6l12 12M18 6L6 18"
                  fill="none"
                  stroke="currentColor"
                  stroke-width="2"
                  stroke-linecap="round"
                />
              </svg>
            </Kobalte.CloseButton>
            <Kobalte.Title class="dialog-title">{props.title}</Kobalte.Title>
            <Kobalte.Description class="dialog-description">{props.description}</Kobalte.Description>
            {props.children}
          </Kobalte.Content>
        </div>
      </Kobalte.Portal>
    </Kobalte>
  );
}
