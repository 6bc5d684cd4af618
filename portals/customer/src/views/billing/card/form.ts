//! Where a card is typed in, behind one interface: Stripe's own form, or what stands in for it. No number of a card ever passes our own API.

import type { Settings } from "./settings";

/** What came of a card. */
export type Result =
  | { readonly state: "done" }
  /** It is refused, or not filled in; with words for whoever typed it. */
  | { readonly state: "refused"; readonly words: string }
  /** There was no answer, so nobody knows; to confirm once more is harmless. */
  | { readonly state: "unknown" };

export interface CardForm {
  /** Shows it at a place of the page; throws where it can't be had. */
  mount(place: HTMLElement): Promise<void>;
  /** Gives Stripe the card, for the one intent of this secret. */
  confirm(clientSecret: string): Promise<Result>;
  close(): void;
}

/** The form of these settings; `known`: the secret of what is to be paid, where there is one already. */
export async function openForm(settings: Settings, known: string | undefined): Promise<CardForm> {
  if (settings.kind === "stripe") {
    const { stripeForm } = await import("./stripe");
    return stripeForm(settings.publishableKey, known);
  }
  const { standInForm } = await import("./stand-in");
  return standInForm(settings.at);
}

/** What a secret is for: setting up a card, or a payment. None: it is no secret of Stripe's. */
export function intentOf(secret: string): { readonly kind: "setup" | "payment"; readonly id: string } | undefined {
  const id = secret.split("_secret_")[0] ?? "";
  if (id === secret || !/^(seti|pi)_\w+$/.test(id)) {
    return undefined;
  }
  return { kind: id.startsWith("seti_") ? "setup" : "payment", id };
}
