//! Whether this is the moment to remind somebody who leaves. In: what is known of this visit. Out: yes or no. Once in a browser's life, only with leave to
//! remember it, and never to somebody who has left an address already.

import { keep, recall } from "@rerp/shared/storage";
import { choice } from "../choices/store";

const NAME = "exit";
/** Somebody who leaves at once hasn't read anything, in milliseconds. */
const READ = 10_000;

let sent = false;

/** A form was taken during this visit. */
export function noteSent(): void {
  sent = true;
}

/** `since`: how long the page is there, in milliseconds. */
export function isMoment(since: number): boolean {
  return choice() === "more" && recall(NAME) === undefined && !sent && since >= READ;
}

/** It was shown; it won't be again. */
export function noteShown(): void {
  keep(NAME, "shown");
}
