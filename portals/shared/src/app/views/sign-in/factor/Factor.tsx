//! The second step of signing in: the code that a program on one's telephone shows; or why it goes no further.

import { Button } from "@rerp/shared/ui";
import { type JSX, lazy, Match, onMount, Switch } from "solid-js";
import { Page } from "../../../layout/Page";
import type { Step } from "../../../session";
import { CodeForm } from "./CodeForm";
import "./factor.css";

// With what draws the picture: only who has no factor yet needs it.
const Enrol = lazy(() => import("./Enrol"));

export interface FactorProps {
  readonly step: Step;
  /** Back to address and password. */
  readonly again: () => void;
}

export default function Factor(props: FactorProps): JSX.Element {
  const fresh = () => (props.step.factor === "enrol" ? props.step : undefined);
  return (
    <Switch>
      <Match when={props.step.factor === "code"}>
        <Known again={props.again} />
      </Match>
      <Match when={fresh()}>{(step) => <Enrol uri={step().uri} secret={step().secret} again={props.again} />}</Match>
      <Match when={props.step.factor === "over"}>
        <Page title="Please begin again">
          <p>This took longer than ten minutes, or too many codes were wrong. Nothing is lost: sign in once more.</p>
          <Button weight="first" onClick={() => props.again()}>
            Begin again
          </Button>
        </Page>
      </Match>
      <Match when={props.step.factor === "stranger"}>
        <Page title="This portal is for staff">
          <p>
            Your password is right, but your account is a customer's. Please sign in at the portal for customers. If you
            work here, ask whoever runs this portal to make your account one of the staff's.
          </p>
          <Button onClick={() => props.again()}>Sign in with another account</Button>
        </Page>
      </Match>
    </Switch>
  );
}

/** There is a factor: whoever comes here types, so the field has the focus. */
function Known(props: { readonly again: () => void }): JSX.Element {
  let place: HTMLDivElement | undefined;
  // After the heading, which takes it for every view.
  onMount(() => queueMicrotask(() => place?.querySelector("input")?.focus()));
  return (
    <Page title="Second step">
      <p>Open the authenticator on your telephone, and type the six digits that it shows for this portal.</p>
      <div ref={(element) => (place = element)}>
        <CodeForm again={props.again} />
      </div>
      <p class="hint">
        You have lost it? Nobody can be let in without it: ask whoever runs this portal to remove your authenticator.
        Then you set up another one here.
      </p>
    </Page>
  );
}
