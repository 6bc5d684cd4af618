//! What is around the views of what is offered: plans, and modules of tests. They are read here, and changed nowhere in this portal.

import { Page, Sections } from "@rerp/shared/app";
import type { JSX } from "solid-js";
import "@rerp/shared/records.css";
import "../../parts/parts.css";

const ALL = [
  ["/offer", "Plans"],
  ["/offer/modules", "Modules"],
] as const;

export function Offer(props: { readonly title: string; readonly children: JSX.Element }): JSX.Element {
  return (
    <Page title={props.title}>
      <Sections name="What is offered" all={ALL} />
      {props.children}
    </Page>
  );
}
