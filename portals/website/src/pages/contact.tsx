//! Where people write to us.

import type { JSX } from "solid-js";
import { Island } from "../layout/Island";
import { SITE } from "../site";
import type { Page } from "./page";

function Contact(): JSX.Element {
  return (
    <div class="width simple">
      <h1 class="simple-title">Write to us</h1>
      <div class="contact-row">
        <div class="card">
          <Island name="contact" />
        </div>
        <div class="prose">
          <p>We answer within two working days, from a person and to the address that you leave.</p>
          <p>
            Or write a mail to <a href={`mailto:${SITE.company.mail}`}>{SITE.company.mail}</a>.
          </p>
          <p>
            What becomes of a message is in our <a href="/legal/privacy">privacy notice</a>.
          </p>
        </div>
      </div>
    </div>
  );
}

export const contact: Page = {
  file: "contact.html",
  title: "Contact",
  description: `Write to ${SITE.name}. A person answers.`,
  found: true,
  body: () => <Contact />,
};
