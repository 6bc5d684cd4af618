import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import type { CardForm } from "../src/views/billing/card/form";

type Told = { error?: { type?: string; message?: string } };

/** Stripe's script, played: what it was asked, and what it answers. */
function stripe(answers: { ready?: boolean; submit?: Told; confirm?: Told } = {}) {
  const element = {
    mount: vi.fn(),
    destroy: vi.fn(),
    on: (event: string, then: (told: Told) => void) => {
      if (event === (answers.ready === false ? "loaderror" : "ready")) {
        queueMicrotask(() => then({ error: { message: "no form" } }));
      }
    },
  };
  const elements = vi.fn((_: unknown) => ({
    create: () => element,
    submit: async () => answers.submit ?? {},
  }));
  const confirm = async (_: { clientSecret: string; redirect: string }) => answers.confirm ?? {};
  const [confirmSetup, confirmPayment] = [vi.fn(confirm), vi.fn(confirm)];
  return { made: () => ({ elements, confirmSetup, confirmPayment }), elements, element, confirmSetup, confirmPayment };
}

const scripts = () => Array.from(document.head.querySelectorAll("script"));
/** The form, with a module of its own: a script is loaded once for each page. */
async function open(known?: string): Promise<CardForm> {
  vi.resetModules();
  const { stripeForm } = await import("../src/views/billing/card/stripe");
  return stripeForm("pk_test_1", known);
}
async function mounted(played: ReturnType<typeof stripe>, known?: string): Promise<CardForm> {
  const form = await open(known);
  const mounting = form.mount(document.body);
  await eventually(() => expect(scripts()).toHaveLength(1));
  const key = vi.fn(played.made);
  vi.stubGlobal("Stripe", key);
  scripts()[0]?.dispatchEvent(new Event("load"));
  await mounting;
  expect(key).toHaveBeenCalledWith("pk_test_1");
  return form;
}

beforeEach(() => {
  document.head.replaceChildren();
  // Nothing is loaded from anywhere.
  vi.spyOn(document.head, "append").mockImplementation((...nodes) => {
    for (const node of nodes) {
      document.head.insertBefore(node as Node, null);
    }
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("Stripe's form", () => {
  it("comes from Stripe's host, keeps cards, and confirms their setup without leaving the page", async () => {
    const played = stripe();
    const form = await mounted(played);
    expect(scripts()[0]?.src).toBe("https://js.stripe.com/v3/");
    expect(played.elements.mock.calls[0]?.[0]).toMatchObject({ mode: "setup" });
    expect(await form.confirm("seti_1_secret_2")).toEqual({ state: "done" });
    expect(played.confirmSetup.mock.calls[0]?.[0]).toMatchObject({
      clientSecret: "seti_1_secret_2",
      redirect: "if_required",
    });
    form.close();
    expect(played.element.destroy).toHaveBeenCalled();
  });

  it("is of the payment whose secret is known", async () => {
    const played = stripe();
    const form = await mounted(played, "pi_1_secret_2");
    expect(played.elements.mock.calls[0]?.[0]).toMatchObject({ clientSecret: "pi_1_secret_2" });
    expect(await form.confirm("pi_1_secret_2")).toEqual({ state: "done" });
    expect(played.confirmPayment).toHaveBeenCalledTimes(1);
    expect(played.confirmSetup).not.toHaveBeenCalled();
  });

  it("says what is wrong with a card, and nothing of what is wrong with us", async () => {
    const unfit = await mounted(stripe({ submit: { error: { type: "validation_error", message: "Too short." } } }));
    expect(await unfit.confirm("seti_1_secret_2")).toEqual({ state: "refused", words: "Too short." });
    document.head.replaceChildren();
    const refused = await mounted(stripe({ confirm: { error: { type: "card_error", message: "Declined." } } }));
    expect(await refused.confirm("seti_1_secret_2")).toEqual({ state: "refused", words: "Declined." });
    document.head.replaceChildren();
    const ours = await mounted(stripe({ confirm: { error: { type: "api_error", message: "Internal." } } }));
    expect(await ours.confirm("seti_1_secret_2")).toEqual({ state: "unknown" });
    expect(await ours.confirm("nonsense")).toEqual({ state: "unknown" });
  });

  it("that can't be shown fails, and its script is asked for again", async () => {
    await expect(mounted(stripe({ ready: false }))).rejects.toThrow("no form");
    document.head.replaceChildren();
    const form = await open();
    const first = form.mount(document.body);
    await eventually(() => expect(scripts()).toHaveLength(1));
    scripts()[0]?.dispatchEvent(new Event("error"));
    await expect(first).rejects.toThrow("can't be loaded");
    expect(scripts()).toHaveLength(0);
    void form.mount(document.body).catch(() => {});
    await eventually(() => expect(scripts()).toHaveLength(1));
  });
});
