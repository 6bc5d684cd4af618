//! What a browser remembers, and when somebody who leaves is reminded.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { choice, decide } from "../src/choices/store";
import { isMoment, noteSent, noteShown } from "../src/exit/moment";

const LONG = 60_000;

beforeEach(() => {
  localStorage.clear();
  document.body.replaceChildren();
  vi.resetModules();
});

describe("a choice", () => {
  it("is kept, and asked for anew when the question changes", () => {
    expect(choice()).toBeUndefined();
    decide("more");
    expect(choice()).toBe("more");
    localStorage.setItem("rerp.choices", "0:more");
    expect(choice()).toBeUndefined();
  });

  it("that takes leave back forgets what was kept with it", () => {
    decide("more");
    noteShown();
    decide("needed");
    expect(Object.keys(localStorage)).toEqual(["rerp.choices"]);
  });

  it("is asked for once, and again for whoever wants", async () => {
    document.body.append(document.createRange().createContextualFragment("<button data-choices hidden>Again</button>"));
    const { watchChoices } = await import("../src/choices/watch");
    watchChoices();
    const answer = (text: string) =>
      Array.from(document.querySelectorAll("button")).find((button) => button.textContent === text);
    answer("Only what is needed")?.click();
    expect(choice()).toBe("needed");
    expect(document.querySelector(".choices")).toBeNull();
    watchChoices();
    expect(document.querySelector(".choices"), "nobody is asked twice").toBeNull();
    answer("Again")?.click();
    answer("That is fine")?.click();
    expect(choice()).toBe("more");
  });
});

describe("somebody who leaves", () => {
  it("is reminded only with leave, not at once, and once", () => {
    expect(isMoment(LONG)).toBe(false);
    decide("needed");
    expect(isMoment(LONG)).toBe(false);
    decide("more");
    expect(isMoment(1_000)).toBe(false);
    expect(isMoment(LONG)).toBe(true);
    noteShown();
    expect(isMoment(LONG)).toBe(false);
  });

  it("is not reminded of what they have done", () => {
    decide("more");
    noteSent();
    expect(isMoment(LONG)).toBe(false);
  });

  it("is noticed by the upper edge", async () => {
    const { decide } = await import("../src/choices/store");
    const { watchExit } = await import("../src/exit/watch");
    decide("more");
    watchExit(() => LONG);
    const leave = (clientY: number) =>
      document.documentElement.dispatchEvent(new MouseEvent("mouseleave", { clientY }));
    leave(300);
    expect(localStorage.getItem("rerp.exit")).toBeNull();
    leave(-1);
    expect(localStorage.getItem("rerp.exit")).toBe("shown");
    await eventually(() => expect(document.querySelector('[role="dialog"]')?.textContent).toContain("Before you go"));
  });
});
