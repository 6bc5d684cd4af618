//! A QR code as an element of the page: the policy lets no picture in that is written in an address. Dark on white in both schemes, for not every camera reads the
//! opposite.

import { createMemo, type JSX } from "solid-js";
import { encode } from "uqr";

/** Points around it that must stay white, by the standard. */
const MARGIN = 4;

export function Picture(props: { readonly text: string; readonly label: string }): JSX.Element {
  const code = createMemo(() => encode(props.text, { ecc: "M", border: MARGIN }));
  return (
    <svg class="qr" viewBox={`0 0 ${code().size} ${code().size}`} role="img" aria-label={props.label}>
      <path fill="#ffffff" d={`M0 0h${code().size}v${code().size}h-${code().size}z`} />
      <path fill="#000000" shape-rendering="crispEdges" d={code().data.map(row).join("")} />
    </svg>
  );
}

/** The dark points of a row, side by side as one. */
function row(points: readonly boolean[], y: number): string {
  let path = "";
  for (let x = 0; x < points.length; x += 1) {
    const from = x;
    while (points[x]) {
      x += 1;
    }
    path += x > from ? `M${from} ${y}h${x - from}v1h-${x - from}z` : "";
  }
  return path;
}
