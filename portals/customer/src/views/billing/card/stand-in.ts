//! What stands in for Stripe's form where the platform runs on a sandbox: a test card is chosen by its name. It asks what Stripe.js would ask, at an address of the
//! portal's own host, and has no place for a card's number.

import { uuid } from "@rerp/shared/form";
import { type CardForm, intentOf, type Result } from "./form";

/** How long an answer may take, in milliseconds. */
const PATIENCE = 15_000;

/** Test cards, by Stripe's names for them. */
const CARDS: readonly (readonly [name: string, label: string])[] = [
  ["pm_card_visa", "Visa that works"],
  ["pm_card_mastercard", "Mastercard that works"],
  ["pm_card_amex", "American Express that works"],
  ["pm_card_chargeCustomerFail", "Visa that can be added, and not charged"],
  ["pm_card_chargeDeclined", "Card that is declined"],
  ["pm_card_chargeDeclinedInsufficientFunds", "Card with too little on it"],
  ["pm_card_chargeDeclinedExpiredCard", "Card that has expired"],
];

/** The stand-in at a path of the portal's own host. */
export function standInForm(at: string): CardForm {
  const field = document.createElement("div");
  const select = document.createElement("select");
  const mount = async (place: HTMLElement) => {
    const [label, hint] = [document.createElement("label"), document.createElement("p")];
    select.id = `card-${uuid()}`;
    select.name = "card";
    select.className = "input";
    select.append(...CARDS.map(([name, text]) => new Option(text, name)));
    label.htmlFor = select.id;
    label.textContent = "Test card";
    hint.id = `${select.id}-hint`;
    hint.className = "hint";
    hint.textContent = "This is a demo without real money: don't type in a real card anywhere.";
    select.setAttribute("aria-describedby", hint.id);
    field.className = "field";
    field.append(label, select, hint);
    place.append(field);
  };
  const confirm = async (secret: string): Promise<Result> => {
    const intent = intentOf(secret);
    if (!intent) {
      return { state: "unknown" };
    }
    const body = new URLSearchParams({ client_secret: secret, payment_method: select.value });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    try {
      const path = `${at}/v1/${intent.kind}_intents/${intent.id}/confirm`;
      const answer = await fetch(path, {
        method: "POST",
        headers,
        body: body.toString(),
        signal: AbortSignal.timeout(PATIENCE),
      });
      return read(answer.ok, await answer.json());
    } catch {
      return { state: "unknown" };
    }
  };
  return { mount, confirm, close: () => field.remove() };
}

interface Told {
  readonly status?: string;
  readonly error?: { readonly type?: string; readonly message?: string };
}

function read(ok: boolean, told: Told): Result {
  if (ok && told.status === "succeeded") {
    return { state: "done" };
  }
  const { error } = told;
  return error?.type === "card_error" && error.message
    ? { state: "refused", words: error.message }
    : { state: "unknown" };
}
