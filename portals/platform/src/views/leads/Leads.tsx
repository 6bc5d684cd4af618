//! What is around the views of leads. Those that show what is somebody's want a reason, one for all of them.

import { Page, Sections } from "@rerp/shared/app";
import type { JSX } from "solid-js";
import { About } from "../../about/About";
import "@rerp/shared/records.css";
import "../../parts/parts.css";

/** The first word of keys, and the matter of these views. */
export const LEADS = "leads";

const ALL = [
  ["/leads", "Funnel"],
  ["/leads/list", "Leads"],
  ["/leads/messages", "Messages"],
  ["/leads/suppressions", "Suppressions"],
] as const;

export function Leads(props: { readonly title: string; readonly children: JSX.Element }): JSX.Element {
  return (
    <Page title={props.title}>
      <Sections name="Leads" all={ALL} />
      {props.children}
    </Page>
  );
}

/** The same for what is somebody's. */
export function Reasoned(props: {
  readonly title: string;
  readonly children: (reason: () => string) => JSX.Element;
}): JSX.Element {
  return (
    <Leads title={props.title}>
      <About subject={LEADS}>{props.children}</About>
    </Leads>
  );
}
