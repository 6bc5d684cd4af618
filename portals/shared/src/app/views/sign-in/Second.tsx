//! What a portal for staff asks for after a password; until then, and elsewhere, what is in it. Its script is loaded when it is asked for.

import { type JSX, lazy, Show } from "solid-js";
import { useSession } from "../../session";

const Factor = lazy(() => import("./factor/Factor"));

export function Second(props: {
  /** What to forget when somebody begins again. */
  readonly again?: () => void;
  readonly children: JSX.Element;
}): JSX.Element {
  const session = useSession();
  const again = () => {
    props.again?.();
    session.again();
  };
  return (
    <Show when={session.step()} fallback={props.children}>
      {(step) => <Factor step={step()} again={again} />}
    </Show>
  );
}
