//! Asks what may be remembered, once, and again for whoever wants to change their mind.

import { render } from "solid-js/web";
import { Banner } from "./Banner";
import { type Choice, choice, decide } from "./store";

/** The button in the footer that asks again. It does nothing without scripts, so it isn't there without them. */
const AGAIN = "[data-choices]";

export function watchChoices(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(AGAIN)) {
    button.hidden = false;
    button.addEventListener("click", () => {
      ask((chosen) => {
        button.focus();
        const text = chosen === "more" ? "Your browser may remember it." : "Your browser forgets it.";
        void import("@rerp/shared/toast").then(({ toast }) => toast("Noted", text));
      });
    });
  }
  if (!choice()) {
    ask(() => {});
  }
}

let asking = false;

function ask(then: (chosen: Choice) => void): void {
  if (asking) {
    return;
  }
  asking = true;
  const place = document.createElement("div");
  document.body.append(place);
  const end = render(
    () => (
      <Banner
        decide={(chosen) => {
          decide(chosen);
          end();
          place.remove();
          asking = false;
          then(chosen);
        }}
      />
    ),
    place,
  );
}
