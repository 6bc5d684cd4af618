//! What a person is told of each kind of problem. In: the last part of a problem's `type`. Out: words that say what to do now. The list is the
//! services' own (`services/kit/src/problem/catalogue.rs`); a test compares both, so that no kind lacks words.

/** Words by kind. */
export const MESSAGES = {
  "malformed-json": "Something went wrong on our side. Please try again.",
  "malformed-address": "This address can't be read. Please go back and try again.",
  "malformed-header": "Something went wrong on our side. Please try again.",
  "not-signed-in": "Please sign in to go on.",
  "payment-refused": "The payment was refused. Please use another payment method.",
  "caller-not-allowed": "Something went wrong on our side. Please try again later.",
  "origin-not-allowed": "This page may not do that. Please open it at its own address.",
  "not-verified": "Please prove your e-mail address and your telephone number first.",
  "not-permitted": "You are not allowed to do this. Ask an owner of the account.",
  "not-entitled": "This is not part of the account's plan.",
  "no-such-route": "There is nothing here. The page may be older than the service; please load it again.",
  "not-found": "This doesn't exist, or not any more.",
  "method-not-allowed": "Something went wrong on our side. Please load the page again.",
  "request-in-progress": "We are still working on this. Please wait a moment.",
  "id-taken": "This was sent before. Please load the page again.",
  "sequence-gap": "Something has changed meanwhile. Please load the page again.",
  "already-exists": "This is there already.",
  ended: "This has ended and takes nothing more.",
  "last-owner": "An account needs an owner. Make somebody else an owner first.",
  "in-use": "This is still needed by something that goes on.",
  "no-seat-left": "The account's plan has no seat left. Choose a larger plan, or remove somebody first.",
  "length-required": "Something went wrong on our side. Please try again.",
  "changed-meanwhile": "Somebody has changed this meanwhile. Please load it again, and then change it.",
  "body-too-large": "This is too long. Please shorten it.",
  "address-too-long": "This address is too long. Please go back and try again.",
  "unsupported-media-type": "Something went wrong on our side. Please load the page again.",
  "invalid-body": "Something in the form isn't right. Please look through it again.",
  "invalid-value": "Something in the form isn't right. Please look through it again.",
  "credentials-refused": "Address or password isn't right. Please look at both, or choose a new password.",
  "code-refused": "This code isn't right, or has ended. Ask for a new one.",
  "captcha-refused": "We couldn't tell you from a program. Please try again in a moment.",
  "idempotency-key-reused": "This was sent before. Please load the page again.",
  "version-required": "Something went wrong on our side. Please load the page again.",
  "too-many-requests": "This was tried too often. Please wait a moment and try again.",
  internal: "Something went wrong on our side. Please try again later.",
  "at-capacity": "We are very busy. Please try again in a moment.",
  "database-unavailable": "We can't do this right now. Please try again in a moment.",
  "dependency-unavailable": "We can't do this right now. Please try again in a moment.",
  "outcome-unknown": "We aren't sure whether this was done. Please send it again: it will be done once.",
  "deadline-exceeded": "This took too long. Please try again.",
} as const;

/** A kind of problem that services know. */
export type Slug = keyof typeof MESSAGES;

/** Kinds that only a browser knows. */
const OWN = {
  network: "We can't be reached. Are you online? What you typed is still here.",
  unknown: "Something went wrong. Please try again later.",
} as const;

/** A kind of problem. */
export type Kind = Slug | keyof typeof OWN;

/** A portal's own words, for kinds that mean something else to whoever works in it. */
export type OwnWords = Readonly<Partial<Record<Kind, string>>>;

/** The words of a kind: the portal's own, else everybody's. */
export function words(kind: Kind, own: OwnWords = {}): string {
  return { ...MESSAGES, ...OWN, ...own }[kind];
}

/** Whether services know a kind of this name. */
export function isSlug(text: string): text is Slug {
  return Object.hasOwn(MESSAGES, text);
}
