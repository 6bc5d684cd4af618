//! A portal, shown to somebody who is signed in, and what a test does with it.

import axe from "axe-core";
import type { JSX } from "solid-js";
import { render } from "solid-js/web";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { eventually } from "./eventually";
import { type Asked, Channel, granted, play } from "./played";

type Answers = Parameters<typeof play>[0];

let end: () => void = () => {};

beforeEach(() => {
  vi.stubGlobal("BroadcastChannel", Channel);
  // What the router asks for, and the tests' document has not.
  vi.stubGlobal("scrollTo", () => {});
});
afterEach(() => {
  end();
  vi.useRealTimers();
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

/** What shows the view of a portal at an address. */
export const shower =
  (portal: () => JSX.Element) =>
  (path: string, answers: Answers, more: Record<string, unknown> = {}): Asked[] => {
    history.replaceState(null, "", path);
    const asked = play({ "POST /session/refresh": [() => granted(more)], ...answers });
    const place = document.createElement("div");
    document.body.append(place);
    end = render(portal, place);
    return asked;
  };

/** What is on the page, with one blank wherever there are some. */
export const text = () => (document.body.textContent ?? "").replaceAll(/\s+/g, " ");
export const says = (words: string) => eventually(() => expect(text()).toContain(words));
export const heading = (title: string) =>
  eventually(() => expect(document.querySelector("h1")?.textContent).toBe(title));

/** Buttons and links whose words begin so: what follows is for whoever doesn't see where they are. */
export const controls = (label: string) =>
  Array.from(document.querySelectorAll<HTMLElement>("button, a")).filter((each) =>
    each.textContent?.trim().startsWith(label),
  );
export const press = (label: string, which = 0) =>
  eventually(() => {
    const control = controls(label).at(which);
    expect(control, label).toBeDefined();
    control?.click();
  });
export const field = (name: string) => {
  const found = document.querySelector<HTMLInputElement>(`[name="${name}"]`);
  if (!found) {
    throw new Error(`there is no ${name}`);
  }
  return found;
};
export async function fill(name: string, value: string): Promise<void> {
  await eventually(() => field(name));
  field(name).value = value;
  field(name).dispatchEvent(new Event("input", { bubbles: true }));
}
/** Sends the form in which a field is. */
export function submit(name: string): void {
  field(name).form?.dispatchEvent(new Event("submit", { cancelable: true, bubbles: true }));
}
export const of = (asked: readonly Asked[], name: string) => asked.filter((each) => each.name === name);

/** Nothing that a program finds wrong for people who need help. Without a layout there are no colours to compare; a browser's run does that. */
export async function fit(): Promise<void> {
  const found = await axe.run(document, {
    rules: { "color-contrast": { enabled: false }, "html-has-lang": { enabled: false } },
  });
  expect(found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
}
