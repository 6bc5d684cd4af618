import { expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { BEA, calls } from "./around";
import { field, fit, heading, says, show, text } from "./shown";

const open = (more: KeyboardEventInit = { ctrlKey: true }) =>
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "k", cancelable: true, ...more }));
const press = (key: string) =>
  field("palette").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const type = (words: string) => {
  field("palette").value = words;
  field("palette").dispatchEvent(new Event("input", { bubbles: true }));
};
const chosen = () => document.querySelector('[role="option"][aria-selected="true"]');

it("Ctrl+K leads to views by arrows, words and a pointer", async () => {
  show("/", {});
  await heading("Search");
  open({});
  expect(text()).not.toContain("Where to");
  open();
  await eventually(() => expect(document.activeElement).toBe(field("palette")));
  await fit();
  expect(chosen()?.textContent).toBe("Search");
  press("ArrowUp");
  expect(chosen()?.textContent).toBe("Stripe");
  press("ArrowDown");
  press("ArrowDown");
  expect(chosen()?.textContent).toBe("Leads");
  expect(field("palette").getAttribute("aria-activedescendant")).toBe(chosen()?.id);
  type("no such view");
  await says("Nothing is called so.");
  await fit();
  press("Enter");
  press("ArrowDown");
  type("AUDIT");
  expect(chosen()?.textContent).toBe("Audit trail");
  press("Enter");
  await heading("Audit trail");
  await eventually(() => expect(text()).not.toContain("Where to"));
  open({ metaKey: true });
  await eventually(() => expect(document.activeElement).toBe(field("palette")));
  expect(field("palette").value).toBe("");
  type("dead");
  (chosen() as HTMLElement).click();
  await heading("Dead letters");
});

it("an identifier leads to a person, who isn't shown before it is said why", async () => {
  const asked = show("/", {});
  await heading("Search");
  open();
  await eventually(() => field("palette"));
  type(BEA.toUpperCase());
  expect(Array.from(document.querySelectorAll('[role="option"]'), (each) => each.textContent)).toEqual([
    `Person ${BEA}`,
    `Account ${BEA}`,
  ]);
  press("Enter");
  await heading("Person");
  await says("Why do you look?");
  await fit();
  expect(calls(asked)).toEqual([]);
});
