//! What is around the views about oneself.

import { Page, Sections } from "@rerp/shared/app";
import type { JSX } from "solid-js";
import "@rerp/shared/records.css";

const ALL = [
  ["/me", "Name and contacts"],
  ["/me/sign-ins", "Sign-ins"],
  ["/me/data", "Your data"],
] as const;

export function Me(props: { readonly title: string; readonly children: JSX.Element }): JSX.Element {
  return (
    <Page title={props.title}>
      <Sections name="About you" all={ALL} />
      {props.children}
    </Page>
  );
}
