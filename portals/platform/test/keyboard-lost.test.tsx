import { expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { field, heading, show } from "./shown";

const press = () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "k", ctrlKey: true, cancelable: true }));

it("a script that doesn't come takes nothing with it, and is asked for again", async () => {
  const gone = vi.fn(() => {
    throw new Error("gone");
  });
  vi.doMock("../src/keyboard/Palette", gone);
  show("/", {});
  await heading("Search");
  press();
  await eventually(() => expect(gone).toHaveBeenCalled());
  await heading("Search");
  vi.doUnmock("../src/keyboard/Palette");
  await eventually(() => {
    press();
    expect(document.activeElement).toBe(field("palette"));
  });
});
