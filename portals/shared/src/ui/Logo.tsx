//! Two candles, one up and one down.

import type { JSX } from "solid-js";

export function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
      <path d="M8 2v20M16 3v16" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
      <rect x="5" y="7" width="6" height="10" rx="1.5" fill="currentColor" />
      <rect class="logo-open" x="13" y="6" width="6" height="8" rx="1.5" stroke="currentColor" stroke-width="1.5" />
    </svg>
  );
}
