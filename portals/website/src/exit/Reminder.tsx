//! What somebody is shown who is about to leave.

import { Dialog } from "@rerp/shared/dialog";
import { toast } from "@rerp/shared/toast";
import { createSignal, type JSX } from "solid-js";
import { render } from "solid-js/web";
import { WebForm } from "../islands/WebForm";

export function Reminder(): JSX.Element {
  const [open, setOpen] = createSignal(true);
  const taken = () => {
    setOpen(false);
    toast("Thank you", "We'll write to the address that you left.");
  };
  return (
    <Dialog
      open={open()}
      close={() => setOpen(false)}
      title="Before you go"
      description="Leave your address, and we write to you once, when the next free places open."
    >
      <WebForm name="exit" onTaken={taken} />
    </Dialog>
  );
}

export function remind(): void {
  const place = document.createElement("div");
  document.body.append(place);
  render(() => <Reminder />, place);
}
