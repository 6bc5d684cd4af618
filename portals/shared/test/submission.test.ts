import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Problem } from "../src/api";
import { createSubmission, type Values } from "../src/form";
import { eventually } from "./eventually";

const PAGE = `<form><input name="email" type="email" required><input name="name"><textarea name="message"></textarea><input name="trap"></form>`;

function made(outcome: () => Promise<Problem | undefined> = async () => undefined) {
  const form = document.querySelector("form") as HTMLFormElement;
  const send = vi.fn((_values: Values, _key: string) => outcome());
  const submission = createSubmission({ fields: ["email", "name", "message"], trap: "trap", send });
  form.addEventListener("submit", submission.submit);
  const submit = () => form.dispatchEvent(new Event("submit", { cancelable: true }));
  const fill = (name: string, text: string) => {
    (form.elements.namedItem(name) as HTMLInputElement).value = text;
  };
  return { form, send, submission, submit, fill };
}

beforeEach(() => {
  document.body.replaceChildren(document.createRange().createContextualFragment(PAGE));
});

describe("a form", () => {
  it("is sent once, without what is empty, instead of by the browser", async () => {
    const { send, submission, submit, fill } = made();
    fill("email", " ann@example.com ");
    expect(submit()).toBe(false);
    submit();
    expect(submission.phase()).toBe("sending");
    await eventually(() => expect(submission.phase()).toBe("taken"));
    expect(send.mock.calls.map(([values]) => values)).toEqual([{ email: "ann@example.com" }]);
  });

  it("is not sent while the browser finds it unfit, and shows where", () => {
    const { send, submission, submit, fill, form } = made();
    fill("email", "no address");
    submit();
    expect(send).not.toHaveBeenCalled();
    expect(submission.mistake("email")).toBeTruthy();
    expect(document.activeElement).toBe(form.elements.namedItem("email"));
    expect(submission.mistake("name")).toBeUndefined();
  });

  it("comes back with what is wrong at its field", async () => {
    const fields = { name: "Must be shorter.", elsewhere: "Lost." };
    const { submission, submit, fill, form } = made(async () => ({ kind: "invalid-value", fields }));
    fill("email", "a@example.com");
    submit();
    await eventually(() => expect(submission.phase()).toBe("open"));
    expect(submission.mistake("name")).toBe("Must be shorter.");
    expect(submission.problem()).toBeUndefined();
    expect(document.activeElement).toBe(form.elements.namedItem("name"));
  });

  it("comes back with what is wrong elsewhere, and goes with the same key until it is changed", async () => {
    const { send, submission, submit, fill } = made(async () => ({ kind: "network", fields: {} }));
    const again = async (times: number) => {
      submit();
      await eventually(() => expect(send).toHaveBeenCalledTimes(times));
      await eventually(() => expect(submission.phase()).toBe("open"));
    };
    fill("email", "a@example.com");
    await again(1);
    expect(submission.problem()?.kind).toBe("network");
    await again(2);
    fill("message", "Hello");
    await again(3);
    const keys = send.mock.calls.map(([, key]) => key);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[1]).not.toBe(keys[2]);
  });

  it("of a program is taken, and goes nowhere", () => {
    const { send, submission, submit, fill } = made();
    fill("trap", "https://spam.example");
    submit();
    expect(submission.phase()).toBe("taken");
    expect(send).not.toHaveBeenCalled();
  });
});
