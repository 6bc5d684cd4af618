import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { problem } from "../../shared/test/played";
import { AT, account, BEA, calls, erasure, human, look, ONE, page, reasoned, say, WHY } from "./around";
import { controls, fill, fit, heading, of, press, says, show, text } from "./shown";

const HUMAN = `GET /api/identity/user/${BEA}`;
const AWAY = () => problem(503, "database-unavailable");
const NONE = () => problem(404, "not-found");

describe("a search", () => {
  it("asks nothing without a reason, or for what is no identifier", async () => {
    const asked = show("/", {});
    await heading("Search");
    await fit();
    await fill("who", BEA);
    for (const wrong of ["", "ab", "Grüße von oben", "x".repeat(501)]) {
      await say(wrong);
      await eventually(() => expect(document.querySelectorAll(".mistake").length).toBeGreaterThan(0));
    }
    await says("Say why in one line");
    await say("Grüße von oben");
    await says("This can't be written down: “ü”, “ß”. Write plain letters");
    await fit();
    await fill("who", "bea");
    await say();
    await says("This is no identifier (36");
    expect(calls(asked)).toEqual([]);
  });

  it("opens a person, and every call about them says why", async () => {
    const asked = show("/", { [HUMAN]: [human] });
    await look(` ${BEA.toUpperCase()} `, "Person");
    expect(location.pathname).toBe(`/people/${BEA}`);
    await says("Birch");
    await says(`You look at this because: ${WHY}`);
    await eventually(() => expect(controls("Try again").length).toBe(3));
    reasoned(asked);
  });

  it("opens an account where it is none of a person", async () => {
    const asked = show("/", {
      [`GET /api/identity/user/${ONE}`]: [NONE],
      [`GET /api/accounts/${ONE}`]: [AWAY, account],
    });
    await fill("who", ONE);
    await say();
    await says("We can't do this right now");
    await fit();
    await say();
    await heading("Account");
    reasoned(asked);
  });

  it("finds whoever is erased, and says that nobody is there", async () => {
    const asked = show("/", {
      [HUMAN]: [NONE],
      [`GET /api/accounts/${BEA}`]: [NONE],
      [`GET /api/identity/user/${BEA}/erasure`]: [NONE, erasure("completed", [])],
    });
    await fill("who", BEA);
    await say();
    await says("No person and no account has this identifier.");
    await say();
    await heading("Person");
    reasoned(asked);
  });
});

describe("a search by address", () => {
  const PEOPLE = "GET /api/identity/people";
  const found = (human_name_id: string, first_name: string | null) => ({
    human_name_id,
    first_name,
    surname: null,
    username: null,
    email_verified: true,
    phone_verified: false,
    created_at: AT,
  });
  const list = (...items: unknown[]) => Response.json({ items });

  it("opens whoever has it", async () => {
    const asked = show("/", {
      [PEOPLE]: [
        () => problem(422, "invalid-value", { errors: [{ pointer: "/email", detail: "is no address" }] }),
        () => list(),
        () => list(found(BEA, "Bea")),
      ],
      [HUMAN]: [human],
    });
    for (const words of ["Is no address.", "Nobody has this address now."]) {
      await fill("who", "bea@example.com");
      await say();
      await says(words);
    }
    await fit();
    await look("bea@example.com", "Person");
    await says("Birch");
    reasoned(asked);
  });

  it("lets one be chosen where several have it", async () => {
    const asked = show("/", { [PEOPLE]: [() => list(found(ONE, null), found(BEA, "Bea"))], [HUMAN]: [human] });
    await fill("who", "bea@example.com");
    await say();
    await says("2 people have this address.");
    await says("Without a name");
    await fit();
    await press("Open: Bea");
    await heading("Person");
    await says(`You look at this because: ${WHY}`);
    reasoned(asked);
  });
});

describe("somebody's address, opened by itself", () => {
  it("asks why first, and nothing else; the reason can be changed", async () => {
    const other = "0191f7a1-0000-7000-8000-0000000000ff";
    const asked = show(`/people/${other}/accounts`, { "GET /api/accounts": [page()] });
    await heading("Accounts and roles");
    await fit();
    await say("no");
    await says("Say why in one line");
    expect(calls(asked)).toEqual([]);
    await say();
    await says("They are in no account.");
    await fit();
    reasoned(asked);
    await press("Change the reason");
    await fit();
    await press("Cancel");
    await press("Change the reason");
    await say("ticket 4712");
    await says("You look at this because: ticket 4712");
    await eventually(() => expect(document.activeElement?.textContent).toContain("Change the reason"));
    const before = asked.length;
    await press("Tests");
    await heading("Tests");
    await eventually(() => expect(of(asked, `GET /api/fte/progress/${other}`).length).toBe(1));
    reasoned(asked.slice(before), "ticket 4712");
  });

  it("that is nobody's is told so", async () => {
    const asked = show("/people/bea", {});
    await says("This is nobody's identifier.");
    expect(text()).not.toContain("Why do you look?");
    expect(calls(asked)).toEqual([]);
  });
});
