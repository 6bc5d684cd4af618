//! Watches for a pointer that leaves the page by its upper edge, where browsers have their tabs. What is shown then is loaded then.

import { isMoment, noteShown } from "./moment";

export function watchExit(now: () => number = () => performance.now()): void {
  const leave = (event: MouseEvent) => {
    if (event.clientY > 0 || !isMoment(now())) {
      return;
    }
    document.documentElement.removeEventListener("mouseleave", leave);
    noteShown();
    void import("./Reminder").then(({ remind }) => remind());
  };
  document.documentElement.addEventListener("mouseleave", leave);
}
