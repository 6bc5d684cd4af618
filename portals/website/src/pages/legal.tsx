//! What the law wants to be said. The words fit what the platform does; whoever runs it for real people has them looked at, and puts their own names into
//! `site.ts`.

import { For } from "solid-js";
import { SITE } from "../site";
import type { Page } from "./page";
import { Simple } from "./Simple";

const imprint: Page = {
  file: "legal/imprint.html",
  title: "Imprint",
  description: `Who runs ${SITE.name}.`,
  found: true,
  body: () => (
    <Simple title="Imprint">
      <p>
        <strong>{SITE.company.name}</strong>
        <For each={SITE.company.address}>
          {(line) => (
            <>
              <br />
              {line}
            </>
          )}
        </For>
      </p>
      <p>Represented by {SITE.company.represented}.</p>
      <p>Registered at {SITE.company.register}.</p>
      <p>
        Mail: <a href={`mailto:${SITE.company.mail}`}>{SITE.company.mail}</a>
      </p>
    </Simple>
  ),
};

const privacy: Page = {
  file: "legal/privacy.html",
  title: "Privacy",
  description: "What becomes of what you leave with us.",
  found: true,
  body: () => (
    <Simple title="Privacy">
      <p class="lead">We keep little, say what it is, and forget it in time.</p>
      <h2>What you leave in a form</h2>
      <p>
        Your e-mail address goes to one register of ours, where it has a number. Everything else that we keep of the
        form, such as your name and your message, is kept with that number and not with the address. We use it to answer
        you, and to write to you about what you asked for.
      </p>
      <p>
        News by mail come only to those who have agreed to it, and every such mail has a link that ends them. What you
        leave is deleted by itself when its time is over.
      </p>
      <h2 id="browser">What your browser remembers</h2>
      <p>
        This website sets no cookies and loads nothing from elsewhere. It follows nobody: there are no counters, no
        pixels, no profiles. Your browser keeps your answer to the question of what it may remember; with your leave
        also that it has shown you a reminder. Neither is sent to us.
      </p>
      <h2>What our servers note</h2>
      <p>
        That a page was asked for, when, and how it was answered. Addresses of the network are used to keep the service
        up, and are not kept with anything that you write.
      </p>
      <h2>What you can ask for</h2>
      <p>
        A copy of all that we hold of you, its correction, and its erasure. Write to{" "}
        <a href={`mailto:${SITE.company.mail}`}>{SITE.company.mail}</a>; with an account you can do all of it yourself.
        You may also turn to the data protection authority where you live.
      </p>
    </Simple>
  ),
};

const terms: Page = {
  file: "legal/terms.html",
  title: "Terms",
  description: "What you and we can rely on.",
  found: true,
  body: () => (
    <Simple title="Terms">
      <h2>What it is, and what it isn't</h2>
      <p>
        {SITE.name} teaches and tests. Its markets are simulated, its money isn't real, and nothing here is advice to
        buy or to sell anything.
      </p>
      <h2>Trials and plans</h2>
      <p>
        A trial ends by itself. A plan is paid for its month or its year in advance, goes on until you cancel it, and
        stays yours until what is paid for has ended.
      </p>
      <h2>Certificates</h2>
      <p>
        A certificate says that you passed a test at a time, with how many points. It can be taken back where it was got
        by deceit, and whoever checks it then sees that.
      </p>
      <h2>If something goes wrong</h2>
      <p>
        We are liable as the law has it for intent and gross negligence, and for harm to life and health. Otherwise we
        are liable for the harm that is typical, where a duty was broken that the contract stands on.
      </p>
    </Simple>
  ),
};

export const legal = [imprint, privacy, terms];
