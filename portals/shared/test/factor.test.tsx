import { describe, expect, it } from "vitest";
import { App } from "../src/app";
import { eventually } from "./eventually";
import { granted, type play, problem } from "./played";
import { fill, fit, heading, of, press, says, shower, submit, text } from "./shown";

const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const URI = `otpauth://totp/office.example:ann%40example.com?algorithm=SHA1&digits=6&issuer=office.example&period=30&secret=${SECRET}`;
const NOBODY = () => new Response(null, { status: 204 });
const CODE = () => Response.json({ factor: "code" }, { status: 202 });
const ENROL = () => Response.json({ factor: "enrol", uri: URI, secret: SECRET }, { status: 202 });
const FACTOR = "POST /session/factor";

const VIEWS = [{ path: "/", component: () => <h1>Office</h1> }];
const show = shower(() => <App views={VIEWS} />);

/** Somebody at the second step. */
async function second(answers: Parameters<typeof play>[0]) {
  const asked = show("/", { "POST /session/refresh": [NOBODY], "POST /session": [CODE], ...answers });
  await heading("Sign in");
  await fill("email", "ann@example.com");
  await fill("password", "secret");
  submit("password");
  return asked;
}
const send = async (code: string) => {
  await fill("code", code);
  submit("code");
};

describe("somebody with an authenticator", () => {
  it("types its code where the focus is, and is signed in", async () => {
    const asked = await second({ [FACTOR]: [() => problem(422, "code-refused"), () => granted()] });
    await heading("Second step");
    await eventually(() => expect(document.activeElement?.getAttribute("name")).toBe("code"));
    const field = document.activeElement;
    expect(["inputmode", "autocomplete"].map((name) => field?.getAttribute(name))).toEqual([
      "numeric",
      "one-time-code",
    ]);
    await fit();
    expect(text()).not.toContain("picture");
    await send("123 456");
    await says("This code isn't right");
    expect(document.activeElement).toBe(field);
    await fit();
    await send("654321");
    await heading("Office");
    expect(of(asked, FACTOR).map(({ body }) => body)).toEqual([{ code: "123 456" }, { code: "654321" }]);
    expect(localStorage.length + sessionStorage.length).toBe(0);
  });

  it("stays there while nobody can be reached", async () => {
    await second({ [FACTOR]: [() => problem(503, "dependency-unavailable"), () => granted()] });
    await heading("Second step");
    await send("123456");
    await says("We can't do this right now");
    await send("654321");
    await heading("Office");
  });

  it("begins again when it is over, or when they like", async () => {
    await second({ [FACTOR]: [() => problem(401, "not-signed-in")] });
    await heading("Second step");
    await send("123456");
    await heading("Please begin again");
    expect(document.activeElement?.textContent).toBe("Please begin again");
    await fit();
    await press("Begin again");
    await heading("Sign in");
    await fill("email", "ann@example.com");
    await fill("password", "secret");
    submit("password");
    await heading("Second step");
    await press("Begin again");
    await heading("Sign in");
  });
});

describe("somebody without one", () => {
  it("sets one up by picture, link or key", async () => {
    const asked = await second({ "POST /session": [ENROL], [FACTOR]: [() => granted()] });
    await heading("Set up your authenticator");
    await fit();
    expect(document.querySelector(".secret")?.textContent).toBe("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    expect(document.querySelector(".steps a")?.getAttribute("href")).toBe(URI);
    const picture = document.querySelector("svg.qr");
    expect(picture?.getAttribute("role")).toBe("img");
    const [ground, points] = Array.from(picture?.querySelectorAll("path") ?? []);
    expect(ground?.getAttribute("fill")).toBe("#ffffff");
    // Within its margin: a corner's mark is seven points wide.
    expect(points?.getAttribute("d")).toMatch(/^M4 4h7v1h-7z/);
    expect(document.querySelectorAll("main [style], main img")).toHaveLength(0);
    await send("123456");
    await heading("Office");
    expect(of(asked, FACTOR)).toHaveLength(1);
    expect(text()).not.toContain("GEZD");
  });

  it("gets no link that isn't one for authenticators", async () => {
    const odd = () => Response.json({ factor: "enrol", uri: "javascript:alert(1)", secret: SECRET }, { status: 202 });
    await second({ "POST /session": [odd] });
    await heading("Set up your authenticator");
    expect(document.querySelector(".steps a")).toBeNull();
  });
});

it("a customer is told whose portal it is, and can go back", async () => {
  await second({ "POST /session": [() => problem(403, "not-permitted")] });
  await heading("This portal is for staff");
  expect(document.querySelector("form")).toBeNull();
  await fit();
  await press("Sign in with another account");
  await heading("Sign in");
});

describe("somebody who forgot their password", () => {
  async function recovered(answers: Parameters<typeof play>[0]) {
    const asked = show("/forgot", {
      "POST /session/refresh": [NOBODY],
      "POST /session/recovery": [() => new Response(null, { status: 202 })],
      "POST /session/recovered": [CODE],
      ...answers,
    });
    await heading("Choose a new password");
    await fill("email", "ann@example.com");
    submit("email");
    await heading("Look into your mail");
    await fill("code", "111111");
    await fill("password", "new words");
    submit("password");
    await heading("Second step");
    return asked;
  }

  it("shows the authenticator's code with the new one", async () => {
    const asked = await recovered({ [FACTOR]: [() => granted()] });
    await send("123456");
    await eventually(() => expect(of(asked, FACTOR)).toHaveLength(1));
    expect(of(asked, FACTOR)[0]?.body).toEqual({ code: "123456", password: "new words" });
    await heading("Office");
  });

  it("is told when it is refused, and begins again with the mail", async () => {
    const weak = { errors: [{ pointer: "/password", detail: "is too easy to guess" }] };
    await recovered({ [FACTOR]: [() => problem(422, "invalid-value", weak)] });
    await send("123456");
    await says("Begin again with another one");
    await press("Begin again");
    await heading("Choose a new password");
  });
});
