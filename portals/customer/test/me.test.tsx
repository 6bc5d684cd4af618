import { createRoot } from "solid-js";
import { describe, expect, it, vi } from "vitest";
import { createFollowing } from "../../shared/src/people";
import { eventually } from "../../shared/test/eventually";
import { ANN, problem } from "../../shared/test/played";
import { sessionOf } from "../src/views/me/present";
import { controls, field, fill, fit, heading, of, press, says, show, submit, text } from "./shown";

const HUMAN = `GET /api/identity/user/${ANN}`;
const STATUS = `GET /api/identity/verification-status/${ANN}`;
const SESSIONS = `/api/identity/sessions/${ANN}`;
const ERASURE = `GET /api/identity/user/${ANN}/erasure`;
const ERASE = `DELETE /api/identity/user/${ANN}`;
const GONE = () => new Response(null, { status: 204 });
const human = (version: number, first_name: string) =>
  Response.json({ human_name_id: ANN, first_name, surname: "Ash", username: null, version });
const PROVED = Response.json({ human_name_id: ANN, email_verified: true, phone_verified: false, both_verified: false });
const token = (claims: unknown) => `x.${btoa(JSON.stringify(claims)).replaceAll("+", "-").replaceAll("/", "_")}.y`;

describe("a name", () => {
  it("is changed in the version that was read, and not over somebody else's change unseen", async () => {
    const asked = show("/me", {
      [HUMAN]: [human(3, "Ann"), human(4, "Anna")],
      [STATUS]: [PROVED],
      [`PUT /api/identity/user/${ANN}`]: [
        () => problem(412, "changed-meanwhile"),
        () => problem(409, "already-exists"),
        () => Response.json({ human_name_id: ANN, version: 5 }),
      ],
    });
    await says("What you are called");
    await eventually(() => expect(field("first_name").value).toBe("Ann"));
    await says("Not proved yet");
    await fit();
    await fill("first_name", "Annie");
    await fill("surname", "");
    submit("first_name");
    await says("There now: Anna, Ash");
    expect(field("first_name").value).toBe("Annie");
    await fit();
    submit("first_name");
    await says("Somebody else has this username.");
    submit("first_name");
    await says("Your name is saved.");
    const puts = of(asked, `PUT /api/identity/user/${ANN}`);
    expect(puts.map(({ headers }) => headers.get("if-match"))).toEqual(['"3"', '"4"', '"4"']);
    expect(new Set(puts.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
    expect(puts[2]?.body).toEqual({ first_name: "Annie", surname: null, username: null });
  });

  it("of nobody isn't asked for", async () => {
    show("/me", { [HUMAN]: [() => problem(404, "not-found")] });
    await says("we don't know you as a customer yet");
    await fit();
  });
});

describe("contacts", () => {
  it("are changed and proved in one go", async () => {
    const asked = show("/me", {
      [HUMAN]: [() => human(3, "Ann")],
      [STATUS]: [() => PROVED.clone()],
      [`PUT /api/identity/user/${ANN}/mobile`]: [() => Response.json({ human_name_id: ANN, version: 4 })],
      "POST /api/identity/verify/phone": [
        () => Response.json({ expires_in_seconds: 600, resend_after_seconds: 60 }, { status: 202 }),
        () => Response.json({ verified: true, both_verified: true }),
      ],
    });
    await press("Change your mobile number");
    await fill("phone_number", "+44 7700 900123");
    await fit();
    submit("phone_number");
    await fill("code", "123456");
    submit("code");
    await says("It is changed and proved.");
    expect(document.activeElement?.textContent).toContain("Change your mobile number");
    expect(of(asked, "POST /api/identity/verify/phone")[1]?.body).toEqual({
      human_name_id: ANN,
      phone_number: "+44 7700 900123",
      code: "123456",
    });
  });
});

describe("sign-ins", () => {
  const each = (session_id: string, seen_at: string) => ({
    session_id,
    aal: "aal1",
    started_at: "2026-01-01T10:00:00Z",
    seen_at,
  });
  const list = () =>
    Response.json({
      items: [each("a", "2026-01-03T10:00:00Z"), each("b", "2026-01-02T10:00:00Z"), each("c", "2026-01-04T10:00:00Z")],
      next_cursor: null,
    });
  const mine = { access_token: token({ session_id: "b" }) };

  it("are listed with this one first, and ended one by one or all others", async () => {
    const asked = show(
      "/me/sign-ins",
      {
        [`GET ${SESSIONS}`]: [list],
        [`DELETE ${SESSIONS}/c`]: [() => problem(503, "database-unavailable"), GONE],
        [`DELETE ${SESSIONS}/a`]: [GONE],
      },
      mine,
    );
    await says("This one");
    expect(document.querySelector(".record")?.textContent).toContain("This one");
    expect(controls("End the one")).toHaveLength(2);
    await fit();
    await press("End", 0);
    await says("End this sign-in?");
    await fit();
    await press("End it");
    await says("We can't do this right now");
    await press("End it");
    await says("The sign-in has ended.");
    await press("End all others");
    await eventually(() => expect(controls("End all others").length).toBe(2));
    await press("End all others", -1);
    await says("All others have ended.");
    expect(asked.filter(({ name }) => name.startsWith("DELETE")).map(({ name }) => name.slice(-1))).toEqual([
      "c",
      "c",
      "c",
      "a",
    ]);
  });

  it("end everywhere, here too", async () => {
    const asked = show(
      "/me/sign-ins",
      { [`GET ${SESSIONS}`]: [list], [`DELETE ${SESSIONS}`]: [GONE], "DELETE /session": [GONE] },
      mine,
    );
    await press("Sign out everywhere");
    await eventually(() => expect(controls("Sign out everywhere").length).toBe(2));
    await press("Sign out everywhere", -1);
    await heading("Sign in");
    expect(asked.map(({ name }) => name)).toContain(`DELETE ${SESSIONS}`);
  });

  it("have no others where it isn't known which one this is", async () => {
    show("/me/sign-ins", { [`GET ${SESSIONS}`]: [list] });
    await eventually(() => expect(controls("End").length).toBe(3));
    expect(text()).not.toContain("End all others");
  });

  it("may be none, or not to be had", async () => {
    show("/me/sign-ins", { [`GET ${SESSIONS}`]: [() => problem(403, "not-permitted"), Response.json({ items: [] })] });
    await press("Try again");
    await says("No sign-in is known");
    await fit();
  });
});

it("a token that doesn't say its session is of none", () => {
  expect(sessionOf(token({ session_id: "ü?>" }))).toBeDefined();
  for (const wrong of [undefined, "", "x", "x.y.z", token(null), token({ session_id: 1 })]) {
    expect(sessionOf(wrong)).toBeUndefined();
  }
});

describe("taking data along", () => {
  const read = (file: Blob | undefined) =>
    new Promise<{ missing: string[]; services: { service: string }[] }>((give) => {
      const reader = new FileReader();
      reader.onload = () => give(JSON.parse(String(reader.result)));
      reader.readAsText(file ?? new Blob());
    });
  const held =
    (service: string, complete = true) =>
    () =>
      Response.json({
        service,
        human_name_id: ANN,
        at: "2026-01-01T00:00:00Z",
        tables: [{ table: "t", rows: [{ a: 1 }], complete }],
      });

  it("asks each service, names what failed, and makes one file", async () => {
    const files: Blob[] = [];
    const names: string[] = [];
    const createObjectURL = (file: Blob) => `blob:${files.push(file)}`;
    vi.stubGlobal("URL", Object.assign(URL, { createObjectURL, revokeObjectURL: () => {} }));
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      names.push(this.download);
    });
    show("/me/data", {
      [ERASURE]: [() => problem(404, "not-found")],
      [`GET /api/identity/user/${ANN}/export`]: [held("identity")],
      [`GET /api/accounts/people/${ANN}/export`]: [held("account", false)],
      [`GET /api/billing/people/${ANN}/export`]: [() => problem(503, "database-unavailable"), held("billing")],
      [`GET /api/fte/people/${ANN}/export`]: [() => problem(404, "not-found")],
      [`GET /api/marketing/people/${ANN}/export`]: [() => problem(404, "no-such-route"), held("marketing")],
    });
    await press("Collect it");
    await says("2 of 5 could not be had.");
    expect(text()).toContain("Holds nothing of you");
    expect(text()).toContain("Some lists in it (1) are longer");
    await fit();
    await press("Keep what there is");
    expect((await read(files[0])).missing).toEqual(["billing", "marketing"]);
    await press("Try again");
    await says("1 of 5 could not be had.");
    await press("Try again");
    await says("All of it is here.");
    await press("Keep the file");
    const file = await read(files[1]);
    expect(file).toMatchObject({ human_name_id: ANN, missing: [] });
    expect(file.services.map(({ service }) => service)).toEqual(["identity", "account", "billing", "marketing"]);
    expect(names).toEqual(["rerp-data.json", "rerp-data.json"]);
    await fit();
  });
});

describe("being erased", () => {
  const erasure = (state: string, missing: string[]) => ({
    erasure_id: ANN,
    human_name_id: ANN,
    state,
    requested_at: "2026-01-01T00:00:00Z",
    completed_at: null,
    receipts: [{ service: "identity", received_at: "2026-01-01T00:00:00Z", tables: [] }],
    missing,
  });

  it("takes a typed word, is followed, and ends signed out", async () => {
    const asked = show("/me/data", {
      [ERASURE]: [() => problem(404, "not-found"), () => Response.json(erasure("completed", []))],
      [ERASE]: [
        () => problem(503, "database-unavailable"),
        () => Response.json(erasure("open", ["fte"]), { status: 202 }),
      ],
      "DELETE /session": [GONE],
    });
    await press("Erase me …");
    await eventually(() => expect(document.activeElement).toBe(field("word")));
    await fill("word", "yes");
    submit("word");
    await says("Type the word “erase”.");
    expect(of(asked, ERASE)).toEqual([]);
    await fit();
    await fill("word", "Erase");
    submit("word");
    await says("We can't do this right now");
    submit("word");
    await says("1 of 2 services are done.");
    await fit();
    await heading("Sign in");
    expect(of(asked, "DELETE /session")).toHaveLength(1);
  });

  it("that has begun is followed again", async () => {
    show("/me/data", { [ERASURE]: [() => Response.json(erasure("overdue", ["fte"]))] });
    await says("It takes longer than it should");
    expect(text()).not.toContain("Erase me");
  });

  it("is asked about for a bounded number of times, failures counted", async () => {
    vi.useFakeTimers();
    const ask = vi.fn(async () => {
      if (ask.mock.calls.length % 2) {
        throw new Error("away");
      }
      return erasure("open", ["fte"]) as never;
    });
    const ended = vi.fn();
    await createRoot(async (end) => {
      const following = createFollowing(ask, ended);
      following.begin(erasure("open", ["fte"]) as never);
      await vi.advanceTimersByTimeAsync(3_600_000);
      expect(ask).toHaveBeenCalledTimes(36);
      expect(following.isLeft()).toBe(true);
      following.begin(erasure("open", ["fte"]) as never);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(ask).toHaveBeenCalledTimes(37);
      end();
      await vi.advanceTimersByTimeAsync(3_600_000);
      expect(ask).toHaveBeenCalledTimes(37);
    });
    expect(ended).not.toHaveBeenCalled();
  });
});
