//! What a page is.

import type { JSX } from "solid-js";

export interface Page {
  /** Its file in the bundle: `contact.html` is at `/contact`. */
  readonly file: string;
  /** Its own title; the website's name follows. */
  readonly title: string;
  readonly description: string;
  /** Whether it is worth being found. */
  readonly found: boolean;
  readonly body: () => JSX.Element;
}
