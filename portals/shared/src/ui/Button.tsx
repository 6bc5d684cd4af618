//! Buttons, and links that look like them.

import { type JSX, splitProps } from "solid-js";

/** How much a button stands out: one on each screen is the first. */
export type Weight = "first" | "second" | "quiet";

export interface ButtonProps extends JSX.ButtonHTMLAttributes<HTMLButtonElement> {
  readonly weight?: Weight;
  /** What it began is still going on. It keeps its place and the focus, and does nothing. */
  readonly busy?: boolean;
}

export function Button(props: ButtonProps): JSX.Element {
  const [own, rest] = splitProps(props, ["weight", "busy", "children"]);
  return (
    <button
      type="button"
      {...rest}
      class={`button button-${own.weight ?? "second"}`}
      aria-disabled={own.busy ? "true" : undefined}
    >
      {own.children}
    </button>
  );
}

export interface LinkButtonProps extends JSX.AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly weight?: Weight;
}

export function LinkButton(props: LinkButtonProps): JSX.Element {
  const [own, rest] = splitProps(props, ["weight", "children"]);
  return (
    <a {...rest} class={`button button-${own.weight ?? "second"}`}>
      {own.children}
    </a>
  );
}
