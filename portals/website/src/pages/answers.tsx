//! Pages that answer a form, or say what went wrong. `answers/…` have no address of their own: the server sends them where they belong.

import { LinkButton } from "@rerp/shared/ui";
import { SITE } from "../site";
import type { Page } from "./page";
import { Simple } from "./Simple";

/** Says nothing of what was known before. */
const thanks: Page = {
  file: "thanks.html",
  title: "Thank you",
  description: "We have it.",
  found: false,
  body: () => (
    <Simple title="Thank you">
      <p class="lead">We have it, and will write to the address that you left.</p>
      <p>
        <LinkButton href="/">Back to the first page</LinkButton>
      </p>
    </Simple>
  ),
};

const notFound: Page = {
  file: "answers/not-found.html",
  title: "Nothing is here",
  description: "There is no page at this address.",
  found: false,
  body: () => (
    <Simple title="Nothing is here">
      <p class="lead">There is no page at this address. It may have moved, or the link has a typing error.</p>
      <p>
        <LinkButton href="/">To the first page</LinkButton>
      </p>
    </Simple>
  ),
};

const refused: Page = {
  file: "answers/refused.html",
  title: "Something isn't right",
  description: "The form could not be taken as it is.",
  found: false,
  body: () => (
    <Simple title="Something isn't right">
      <p class="lead">The form could not be taken as it is. Nothing was stored.</p>
      <p>
        Go back with your browser: what you typed is still there. Look at the e-mail address first, and whether the
        message is longer than 5,000 letters.
      </p>
      <p>
        If it goes on, write a mail to <a href={`mailto:${SITE.company.mail}`}>{SITE.company.mail}</a>.
      </p>
    </Simple>
  ),
};

const busy: Page = {
  file: "answers/busy.html",
  title: "Not right now",
  description: "The form can't be taken at the moment.",
  found: false,
  body: () => (
    <Simple title="Not right now">
      <p class="lead">We can't take the form at the moment.</p>
      <p>
        Wait a minute, go back with your browser, and send it again: what you typed is still there, and however often
        you send it, it counts once.
      </p>
      <p>
        Or write a mail to <a href={`mailto:${SITE.company.mail}`}>{SITE.company.mail}</a>.
      </p>
    </Simple>
  ),
};

export const answers = [thanks, notFound, refused, busy];
