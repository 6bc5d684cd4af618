import { describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { problem } from "../../shared/test/played";
import { AT, BEA, calls, GONE, ONE, page, reasoned, say, WHY } from "./around";
import { field, fill, fit, of, press, says, show, submit, text } from "./shown";

const REFUSED = () => problem(403, "not-permitted");
const FUNNEL = "GET /api/marketing/funnel";
const EXPORT = "POST /api/marketing/leads/export";
const step = (source: string, captures: number) => ({
  source,
  captures,
  addresses: 8,
  named_company: 4,
  consented: 2,
  confirmed: 1,
  wrote: 3,
});
const funnel =
  (...items: unknown[]) =>
  () =>
    Response.json({ from: AT, to: AT, items, next_cursor: null });
const lead = (name: string | null) => ({
  id: "l",
  created_at: AT,
  source: "pricing",
  name,
  email_address_id: BEA,
  company_id: null,
  plan_code: "team",
  consented_at: AT,
  confirmed_at: null,
  consent_version: "1",
  captcha_verdict: "passed",
  captcha_score: 0.9,
});

/** Says why where these views ask; in one window they ask once. */
async function go(): Promise<void> {
  await eventually(() => expect(text()).toMatch(/Why do you look\?|You look at this because/));
  if (text().includes("Why do you look?")) {
    await say();
  }
}

describe("the funnel", () => {
  it("is shown in bars and in numbers, for a span of time", async () => {
    const asked = show("/leads", { [FUNNEL]: [REFUSED, funnel(step("pricing", 10), step("exit", 0)), funnel()] });
    await press("Try again");
    await says("Form “pricing”");
    await says("80 %");
    expect(document.querySelectorAll("svg.bar").length).toBe(12);
    expect(document.querySelectorAll("svg.bar rect")[0]?.getAttribute("width")).toBe("100");
    await fit();
    field("span").value = "7";
    field("span").dispatchEvent(new Event("input", { bubbles: true }));
    await says("No form was sent in this time.");
    await fit();
    expect(of(asked, FUNNEL).length).toBe(3);
  });
});

describe("leads", () => {
  it("aren't asked for without a reason", async () => {
    const asked = show("/leads/list", {});
    await says("Why do you look?");
    await fit();
    await say("x");
    await says("Say why in one line");
    expect(calls(asked)).toEqual([]);
  });

  it("are listed, of all forms and of one, and kept as a file", async () => {
    const files: Blob[] = [];
    const names: string[] = [];
    vi.stubGlobal(
      "URL",
      Object.assign(URL, { createObjectURL: (file: Blob) => `blob:${files.push(file)}`, revokeObjectURL() {} }),
    );
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      names.push(this.download);
    });
    const asked = show("/leads/list", {
      "GET /api/marketing/leads": [REFUSED, page(lead("Cleo"), lead(null)), page()],
      [EXPORT]: [
        () => problem(503, "database-unavailable"),
        () => new Response("id,name\r\nl,Cleo\r\n", { headers: { "content-type": "text/csv" } }),
      ],
    });
    await go();
    await press("Try again");
    await says("Cleo");
    await says("passed (0.9)");
    await fit();
    await fill("source", "a b/c");
    submit("source");
    await says("There are no leads.");
    await says("Leads of the form “a b/c”");
    await press("Get the file");
    await says("We can't do this right now");
    expect(files).toEqual([]);
    await press("Get the file");
    await says("The file is there.");
    await fit();
    expect(names).toEqual(["leads-a_b_c.csv"]);
    expect(await files[0]?.text()).toBe("id,name\r\nl,Cleo\r\n");
    expect(of(asked, EXPORT)[1]?.body).toEqual({ reason: WHY, source: "a b/c" });
    reasoned(asked);
  });
});

describe("messages and suppressions", () => {
  it("messages are read", async () => {
    const message = {
      id: "m",
      name: "Cleo",
      message: "Hello\nyou",
      email_address_id: null,
      company_id: null,
      created_at: AT,
    };
    const asked = show("/leads/messages", { "GET /api/marketing/messages": [REFUSED, page(message)] });
    await go();
    await press("Try again");
    await says("Hello you");
    expect(document.querySelector(".written")?.textContent).toBe("Hello\nyou");
    await fit();
    reasoned(asked);
  });

  it("addresses are put on the list and taken off", async () => {
    const one = { email_address_id: BEA, reason: "bounced", created_at: AT };
    const asked = show("/leads/suppressions", {
      "GET /api/marketing/suppressions": [page(), page(one), page()],
      "POST /api/marketing/suppressions": [
        () => problem(422, "invalid-value", { errors: [{ pointer: "/email", detail: "is no address" }] }),
        () => Response.json(one, { status: 201 }),
        () => Response.json(one, { status: 201 }),
      ],
      [`DELETE /api/marketing/suppressions/${BEA}`]: [REFUSED, GONE],
    });
    await go();
    await says("There are none.");
    await fill("address", "bea@");
    await fit();
    submit("address");
    await says("Is no address.");
    await fill("address", "bea@example.com");
    submit("address");
    await says("Nothing is sent there from now on.");
    await says("Mail comes back");
    await fit();
    await press(`Take off: ${BEA}`);
    await press("Take it off");
    await says("You are not allowed to do this.");
    await press("Take it off");
    await says("The address may be written to again.");
    await fill("address", ONE.toUpperCase());
    submit("address");
    await eventually(() => expect(of(asked, "POST /api/marketing/suppressions").length).toBe(3));
    const bodies = of(asked, "POST /api/marketing/suppressions").map(({ body }) => body);
    expect(bodies.slice(1)).toEqual([
      { email: "bea@example.com", reason: "objected" },
      { email_address_id: ONE, reason: "objected" },
    ]);
    reasoned(asked);
  });
});
