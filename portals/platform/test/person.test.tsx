import { describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { problem } from "../../shared/test/played";
import { AT, BEA, calls, erasure, GONE, human, page, reasoned, say } from "./around";
import { controls, fill, fit, of, press, says, show, submit, text } from "./shown";

const PATH = `/people/${BEA}`;
const HUMAN = `/api/identity/user/${BEA}`;
const SESSIONS = `/api/identity/sessions/${BEA}`;
const NONE = () => problem(404, "not-found");
const REFUSED = () => problem(403, "not-permitted");
const contacts =
  (more: Record<string, unknown> = {}) =>
  () =>
    Response.json({
      human_name_id: BEA,
      now: AT,
      email: {
        contact: "bea@example.com",
        verified: true,
        verified_at: AT,
        next_code_at: null,
        code: { expires_at: "2026-01-01T00:10:00Z", tries_left: 3 },
      },
      mobile: null,
      ...more,
    });
const signIn = (session_id: string, aal: string) => ({ session_id, aal, started_at: AT, seen_at: AT });

/** Opens somebody, with sections that are there. */
async function open(more: Parameters<typeof show>[1]): Promise<ReturnType<typeof show>> {
  const asked = show(PATH, {
    [`GET ${HUMAN}`]: [human],
    [`GET ${HUMAN}/contacts`]: [contacts()],
    [`GET ${SESSIONS}`]: [page(signIn("a", "aal1"), signIn("b", "aal2"))],
    [`GET ${HUMAN}/erasure`]: [NONE],
    ...more,
  });
  // Whoever was looked at before in this window is known to be looked at for that reason.
  if (!text().includes("You look at this because")) {
    await eventually(() => expect(text()).toMatch(/Why do you look|You look at this/));
    if (text().includes("Why do you look?")) {
      await say();
    }
  }
  return asked;
}

describe("a person", () => {
  it("is shown section by section", async () => {
    const asked = await open({});
    for (const words of ["Birch", "bea@example.com", "tries left: 3", "No mobile number.", "with a second factor"]) {
      await says(words);
    }
    await says("Erase this person");
    await fit();
    reasoned(asked);
    expect(calls(asked).length).toBe(4);
  });

  it("has sections that fail by themselves", async () => {
    const asked = await open({
      [`GET ${HUMAN}`]: [NONE],
      [`GET ${HUMAN}/contacts`]: [REFUSED, contacts({ email: { contact: "b@x.org", verified: false } })],
      [`GET ${SESSIONS}`]: [REFUSED, page()],
    });
    await says("Nobody has this identifier, or they are erased.");
    await eventually(() => expect(controls("Try again").length).toBe(2));
    await says("Erase this person");
    await fit();
    await press("Try again");
    await says("b@x.org");
    await press("Try again");
    await says("No sign-in is known that still goes on.");
    await fit();
    reasoned(asked);
  });

  it("is signed out, in one place and in all", async () => {
    const asked = await open({
      [`DELETE ${SESSIONS}/a`]: [() => problem(503, "database-unavailable"), GONE],
      [`DELETE ${SESSIONS}`]: [GONE],
    });
    await eventually(() => expect(controls("End the one").length).toBe(2));
    await press("End the one");
    await press("End it");
    await says("We can't do this right now");
    await fit();
    await press("End it");
    await says("The sign-in has ended.");
    await press("End all sign-ins");
    await press("End all of them");
    await says("All sign-ins have ended.");
    reasoned(asked);
  });

  it("has what is held in one file, with who is missing", async () => {
    const files: Blob[] = [];
    vi.stubGlobal(
      "URL",
      Object.assign(URL, { createObjectURL: (file: Blob) => `blob:${files.push(file)}`, revokeObjectURL() {} }),
    );
    const names: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      names.push(this.download);
    });
    const held = () =>
      Response.json({
        service: "identity",
        human_name_id: BEA,
        at: AT,
        tables: [{ table: "t", rows: [], complete: false }],
      });
    const asked = await open({
      [`GET ${HUMAN}/export`]: [held],
      [`GET /api/accounts/people/${BEA}/export`]: [NONE],
      [`GET /api/billing/people/${BEA}/export`]: [REFUSED],
      [`GET /api/fte/people/${BEA}/export`]: [NONE],
      [`GET /api/marketing/people/${BEA}/export`]: [NONE],
    });
    await press("Collect it");
    await says("1 of 5 could not be had.");
    await says("longer than a file takes");
    await fit();
    await press("Keep the file");
    expect(names).toEqual([`rerp-data-${BEA}.json`]);
    expect(files).toHaveLength(1);
    reasoned(asked);
  });

  it("is erased when their identifier is typed, and not before", async () => {
    const asked = await open({
      [`DELETE ${HUMAN}`]: [() => problem(503, "database-unavailable"), erasure("open", ["fte"], 202)],
      [`GET ${HUMAN}/erasure`]: [NONE, erasure("completed", [])],
    });
    await press("Erase this person");
    await fill("consent", "000003");
    submit("consent");
    await says("These aren't the last six characters");
    await fit();
    expect(of(asked, `DELETE ${HUMAN}`)).toEqual([]);
    await fill("consent", BEA.slice(-6));
    submit("consent");
    await says("We can't do this right now");
    submit("consent");
    await says("1 of 2 services are done.");
    await fit();
    await says("Everything is erased.");
    reasoned(asked);
  });
});
