//! Asks whether something is meant that can't be taken back. What goes wrong stands in the dialog, which stays until it went well or somebody leaves it.

import { Dialog } from "@rerp/shared/dialog";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import type { JSX } from "solid-js";
import { createAct } from "./act";

export interface ConfirmProps {
  readonly open: boolean;
  readonly close: () => void;
  readonly title: string;
  /** What follows from it. */
  readonly text: string;
  readonly button: string;
  readonly busy: string;
  /** Does it; throws a `Failure`. */
  readonly work: () => Promise<unknown>;
  /** After it went well. */
  readonly done?: () => void;
}

export function Confirm(props: ConfirmProps): JSX.Element {
  const act = createAct(() => props.work());
  const close = () => {
    act.forget();
    props.close();
  };
  const go = async () => {
    if (await act.run()) {
      close();
      props.done?.();
    }
  };
  return (
    <Dialog open={props.open} close={close} title={props.title} description={props.text}>
      <ProblemNotice problem={act.problem()} />
      <div class="row">
        <Button weight="first" busy={act.busy()} onClick={() => void go()}>
          {act.busy() ? props.busy : props.button}
        </Button>
        <Button onClick={close}>Keep it as it is</Button>
      </div>
    </Dialog>
  );
}
