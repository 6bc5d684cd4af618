import { createApi } from "@rerp/shared/api";
import axe from "axe-core";
import { render } from "solid-js/web";
import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { Plans } from "../src/islands/Plans";
import { chosen } from "../src/islands/plan";
import { PLANS } from "./plans";

let end: () => void = () => {};

function show(...answers: (() => Promise<Response>)[]) {
  const next = vi.fn(() => (answers.shift() ?? (() => Promise.reject(new Error("asked too often"))))());
  end = render(() => <Plans api={createApi(next)} />, document.body);
}

const text = () => document.body.textContent ?? "";
const click = (label: string) =>
  Array.from(document.querySelectorAll<HTMLElement>("button, a, label"))
    .find((element) => element.textContent?.trim() === label)
    ?.click();

afterEach(() => end());

describe("plans", () => {
  it("are shown with what they cost and what they give", async () => {
    show(async () => Response.json({ items: PLANS }));
    expect(text()).toContain("Loading plans");
    await eventually(() => expect(text()).toContain("Pro"));
    for (const part of ["€19 per month", "Up to 5 people", "14 days free", "€9.50 per month", "For one person"]) {
      expect(text()).toContain(part);
    }
    const found = await axe.run(document.body, {
      rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
    });
    expect(found.violations.map(({ id }) => id)).toEqual([]);
  });

  it("follow the choice of interval and currency", async () => {
    show(async () => Response.json({ items: PLANS }));
    await eventually(() => expect(text()).toContain("Yearly"));
    click("Yearly");
    expect(text()).toContain("€190 per year");
    expect(text()).toContain("Not sold by the year");
    const currency = document.querySelector("select") as HTMLSelectElement;
    currency.value = "usd";
    currency.dispatchEvent(new Event("change", { bubbles: true }));
    click("Monthly");
    expect(text()).toContain("$21 per month");
  });

  it("go on to the form with the one that was chosen", async () => {
    show(async () => Response.json({ items: PLANS }));
    await eventually(() => expect(text()).toContain("Pro"));
    click("Try Pro");
    expect(chosen()?.code).toBe("pro");
  });

  it("say that there are none", async () => {
    show(async () => Response.json({ items: [] }));
    await eventually(() => expect(text()).toContain("No plan is offered right now"));
  });

  it("say that they can't be had, and are asked for again", async () => {
    show(
      async () => new Response(null, { status: 503 }),
      async () => Response.json({ items: PLANS }),
    );
    await eventually(() => expect(text()).toContain("We can't show prices right now"));
    click("Try again");
    await eventually(() => expect(text()).toContain("Pro"));
  });
});
