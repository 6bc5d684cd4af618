//! Stripe's own form, in frames of Stripe's. Its script comes from Stripe's host, as Stripe demands, and only when somebody is about to type in a card.

import { type CardForm, intentOf, type Result } from "./form";

const SCRIPT = "https://js.stripe.com/v3/";
/** How long script and form may take, in milliseconds. */
const PATIENCE = 20_000;

interface Wrong {
  readonly type?: string;
  readonly message?: string;
}
interface Element {
  mount(place: HTMLElement): void;
  on(event: "ready" | "loaderror", then: (told: { error?: Wrong }) => void): void;
  destroy(): void;
}
interface Elements {
  create(kind: "payment"): Element;
  submit(): Promise<{ error?: Wrong }>;
}
interface Confirming {
  readonly elements: Elements;
  readonly clientSecret: string;
  readonly confirmParams: { readonly return_url: string };
  readonly redirect: "if_required";
}
interface Stripe {
  elements(options: Record<string, unknown>): Elements;
  confirmSetup(what: Confirming): Promise<{ error?: Wrong }>;
  confirmPayment(what: Confirming): Promise<{ error?: Wrong }>;
}
declare global {
  interface Window {
    Stripe?: (key: string) => Stripe;
  }
}

/** The script, loaded once; a failed try is none, so that the next one asks again. */
let script: Promise<void> | undefined;

function load(): Promise<void> {
  script ??= within(
    new Promise<void>((done, fail) => {
      const element = document.createElement("script");
      element.src = SCRIPT;
      element.onload = () => done();
      element.onerror = () => {
        element.remove();
        fail(new Error("Stripe's script can't be loaded"));
      };
      document.head.append(element);
    }),
  ).catch((error: unknown) => {
    script = undefined;
    throw error;
  });
  return script;
}

function within<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error("Stripe's form takes too long")), PATIENCE);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** The page's own colours, as they are in this scheme. */
function appearance(): Record<string, unknown> {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const pairs = [
    ["colorPrimary", token("--accent")],
    ["colorBackground", token("--surface")],
    ["colorText", token("--ink")],
    ["colorTextSecondary", token("--muted")],
    ["colorDanger", token("--wrong")],
  ].filter(([, colour]) => colour);
  return { theme: "stripe", variables: Object.fromEntries(pairs) };
}

/** Stripe's form for a card that is kept, or for the payment of a secret that is known. */
export function stripeForm(key: string, known: string | undefined): CardForm {
  let made: { readonly stripe: Stripe; readonly elements: Elements; readonly element: Element } | undefined;
  const mount = async (place: HTMLElement) => {
    await load();
    const stripe = window.Stripe?.(key);
    if (!stripe) {
      throw new Error("Stripe's script is there, and Stripe isn't");
    }
    const elements = stripe.elements({
      ...(known ? { clientSecret: known } : { mode: "setup", currency: "eur" }),
      appearance: appearance(),
    });
    const element = elements.create("payment");
    made = { stripe, elements, element };
    await within(
      new Promise<void>((done, fail) => {
        element.on("ready", () => done());
        element.on("loaderror", ({ error }) => fail(new Error(error?.message ?? "Stripe's form can't be shown")));
        element.mount(place);
      }),
    );
  };
  const confirm = async (clientSecret: string): Promise<Result> => {
    const intent = intentOf(clientSecret);
    if (!made || !intent) {
      return { state: "unknown" };
    }
    const { stripe, elements } = made;
    const unfit = (await elements.submit()).error;
    if (unfit) {
      return told(unfit);
    }
    const what: Confirming = {
      elements,
      clientSecret,
      confirmParams: { return_url: location.origin + location.pathname },
      redirect: "if_required",
    };
    const { error } = await (intent.kind === "setup" ? stripe.confirmSetup(what) : stripe.confirmPayment(what));
    return error ? told(error) : { state: "done" };
  };
  return { mount, confirm, close: () => made?.element.destroy() };
}

/** Words for people come with what is wrong with a card or a field, and with nothing else. */
function told(error: Wrong): Result {
  const isTheirs = error.type === "card_error" || error.type === "validation_error";
  return isTheirs && error.message ? { state: "refused", words: error.message } : { state: "unknown" };
}
