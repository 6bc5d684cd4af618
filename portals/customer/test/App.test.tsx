import axe from "axe-core";
import { render } from "solid-js/web";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { ANN, type Asked, Channel, granted, play, problem } from "../../shared/test/played";
import { Customer } from "../src/Customer";

const REFRESH = "POST /session/refresh";
const STATUS = `GET /api/identity/verification-status/${ANN}`;
const NOBODY = () => new Response(null, { status: 204 });
const PROVED = {
  human_name_id: ANN,
  email_verified: true,
  email_verified_at: null,
  phone_verified: false,
  phone_verified_at: null,
  both_verified: false,
};

let end: () => void = () => {};

function show(path: string, answers: Parameters<typeof play>[0]): Asked[] {
  history.replaceState(null, "", path);
  const asked = play(answers);
  const place = document.createElement("div");
  document.body.append(place);
  end = render(() => <Customer />, place);
  return asked;
}

const text = () => document.body.textContent ?? "";
const heading = (title: string) => eventually(() => expect(document.querySelector("h1")?.textContent).toBe(title));
const control = (label: string) =>
  Array.from(document.querySelectorAll<HTMLElement>("button, a")).find((each) => each.textContent?.trim() === label);
const fill = (name: string, value: string) => {
  const field = document.querySelector<HTMLInputElement>(`[name="${name}"]`);
  if (!field) {
    throw new Error(`there is no ${name}`);
  }
  field.value = value;
};
const submit = () =>
  document.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true, bubbles: true }));
async function fit(): Promise<void> {
  // Without a layout there are no colours to compare; a browser's run does that.
  const found = await axe.run(document, {
    rules: { "color-contrast": { enabled: false }, "html-has-lang": { enabled: false } },
  });
  expect(found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
}

beforeEach(() => {
  vi.stubGlobal("BroadcastChannel", Channel);
  // What the router asks for, and the tests' document has not.
  vi.stubGlobal("scrollTo", () => {});
});
afterEach(() => {
  end();
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe("a stranger", () => {
  it("signs in, and sees what they came for", async () => {
    const asked = show("/nowhere", {
      [REFRESH]: [NOBODY],
      "POST /session": [() => problem(422, "credentials-refused"), () => granted()],
      [STATUS]: [Response.json(PROVED)],
    });
    await heading("Sign in");
    await fit();
    fill("email", "ann@example.com");
    fill("password", " with blanks ");
    submit();
    await eventually(() => expect(text()).toContain("Address or password isn't right"));
    await fit();
    submit();
    await heading("Nothing is here");
    expect(asked.find(({ name }) => name === "POST /session")?.body).toEqual({
      email: "ann@example.com",
      password: " with blanks ",
    });
    expect(document.title).toBe("Nothing is here – RERP");
    expect(document.activeElement?.textContent).toBe("Nothing is here");
    control("To the first page")?.click();
    await heading("Home");
    expect(location.pathname).toBe("/");
  });

  it("chooses a new password with a code, and is signed in when it is taken", async () => {
    const asked = show("/forgot", {
      [REFRESH]: [NOBODY],
      "POST /session/recovery": [() => new Response(null, { status: 202 })],
      "POST /session/recovered": [
        () => problem(422, "code-refused"),
        () => problem(422, "invalid-value", { errors: [{ pointer: "/password", detail: "is too easy to guess" }] }),
        () => granted(),
      ],
      [STATUS]: [Response.json(PROVED)],
    });
    await heading("Choose a new password");
    fill("email", "ann@example.com");
    submit();
    await heading("Look into your mail");
    expect(document.title).toBe("Look into your mail – RERP");
    expect(document.activeElement?.textContent).toBe("Look into your mail");
    await fit();
    fill("code", "123456");
    fill("password", "old");
    submit();
    await eventually(() => expect(text()).toContain("This code isn't right"));
    submit();
    await eventually(() => expect(text()).toContain("Is too easy to guess."));
    expect(document.activeElement).toBe(document.querySelector('[name="password"]'));
    fill("password", "new");
    submit();
    await heading("Home");
    expect(asked.find(({ name }) => name === "POST /session/recovered")).toMatchObject({
      token: null,
      body: { email: "ann@example.com", code: "123456", password: "old" },
    });
  });

  it("asks for another code", async () => {
    const taken = () => new Response(null, { status: 202 });
    const asked = show("/forgot", {
      [REFRESH]: [NOBODY],
      "POST /session/recovery": [taken, () => problem(429, "too-many-requests"), taken],
    });
    await heading("Choose a new password");
    fill("email", "ann@example.com");
    submit();
    await heading("Look into your mail");
    control("Send another code")?.click();
    await eventually(() => expect(text()).toContain("This was tried too often"));
    control("Send another code")?.click();
    await eventually(() => expect(text()).toContain("another code is on its way"));
    await fit();
    expect(text()).not.toContain("This was tried too often");
    expect(asked.filter(({ body }) => (body as { email?: string })?.email === "ann@example.com")).toHaveLength(3);
  });

  it("whose address isn't proved is told what to do", async () => {
    show("/", { [REFRESH]: [NOBODY], "POST /session": [() => problem(403, "not-verified")] });
    await heading("Sign in");
    fill("email", "ann@example.com");
    fill("password", "secret");
    submit();
    await heading("Your address isn't proved yet");
    expect(document.activeElement?.textContent).toBe("Your address isn't proved yet");
    expect(text()).toContain("write to our support");
    expect(document.querySelector("form")).toBeNull();
    await fit();
    control("Back to signing in")?.click();
    await heading("Sign in");
    expect(document.activeElement?.textContent).toBe("Sign in");
  });

  it("can make no account here", async () => {
    show("/sign-up", { [REFRESH]: [NOBODY] });
    await heading("Sign in");
    expect(text()).not.toMatch(/make an account/i);
  });
});

describe("somebody who is signed in", () => {
  it("sees what they have proved, and signs out", async () => {
    show("/", {
      [REFRESH]: [() => granted()],
      [STATUS]: [Response.json(PROVED)],
      "DELETE /session": [() => Promise.reject(new TypeError("offline")), NOBODY],
    });
    await heading("Home");
    await eventually(() => expect(text()).toContain("Not proved yet"));
    await fit();
    control("Your account")?.click();
    expect(text()).toContain("ann@example.com");
    await fit();
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    expect(document.activeElement?.textContent).toBe("Your account");
    expect(document.querySelector<HTMLElement>(".menu-list")?.hidden).toBe(true);
    control("Your account")?.click();
    control("Sign out")?.click();
    await eventually(() => expect(text()).toContain("We can't be reached"));
    control("Sign out")?.click();
    await heading("Sign in");
    expect(location.pathname, "the next person begins anew").toBe("/sign-in");
  });

  it("is told that something can't be had, and asks again", async () => {
    show("/", {
      [REFRESH]: [() => granted()],
      [STATUS]: [
        () => problem(403, "not-permitted"),
        Response.json({ ...PROVED, phone_verified: true, both_verified: true }),
      ],
    });
    await eventually(() => expect(control("Try again")).toBeDefined());
    await fit();
    control("Try again")?.click();
    await eventually(() => expect(text()).toContain("You can try plans, pay and take tests."));
  });

  it("is led on from where strangers sign in", async () => {
    show("/sign-in", { [REFRESH]: [() => granted()], [STATUS]: [Response.json(PROVED)] });
    await heading("Home");
    expect(location.pathname).toBe("/");
  });
});

it("says that it can't be reached, and tries again", async () => {
  show("/", { [REFRESH]: [() => problem(503, "dependency-unavailable"), NOBODY] });
  await heading("We can't be reached");
  expect(document.title).toBe("We can't be reached – RERP");
  await fit();
  control("Try again")?.click();
  await heading("Sign in");
  expect(document.activeElement?.textContent).toBe("Sign in");
});
