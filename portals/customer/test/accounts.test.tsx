import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { ANN, problem } from "../../shared/test/played";
import { ACCOUNT, AT, around, BASE, BEA, FIRM, ONE, page } from "./account";
import { fill, fit, heading, of, press, says, show, submit, text } from "./shown";

describe("accounts", () => {
  it("are listed with one's roles in them, page after page", async () => {
    const first = {
      account_id: ONE,
      kind: "business",
      display_name: "Ash & Co",
      company_id: FIRM,
      roles: ["owner"],
      created_at: AT,
    };
    show("/accounts", {
      "GET /api/accounts": [
        () => problem(403, "not-permitted"),
        () => Response.json({ items: [first], next_cursor: ONE }),
        () =>
          Response.json({
            items: [{ ...first, account_id: BEA, kind: "personal", display_name: null, roles: ["viewer"] }],
          }),
      ],
    });
    await press("Try again");
    await says("Ash & Co");
    expect(text()).toContain("Personal account");
    expect(text()).toContain("Viewer");
    await fit();
  });

  it("may be none", async () => {
    show("/accounts", { "GET /api/accounts": [page()] });
    await says("You are in no account yet.");
    await fit();
  });

  it("of one's own are one at most", async () => {
    show("/accounts/new", { "POST /api/accounts": [() => problem(409, "already-exists")] });
    await heading("Open an account");
    await fit();
    await press("Open the account");
    await says("You have a personal account already.");
    await fit();
  });

  it("are opened for a company out of the registry, or one that gets into it, under the same key", async () => {
    const asked = show("/accounts/new", {
      ...around("account.view"),
      "GET /api/accounts/companies": [
        () => Response.json({ company_id: FIRM, name: "Ash & Co" }),
        () => problem(404, "not-found"),
      ],
      "POST /api/accounts/companies/upsert": [() => Response.json({ company_id: FIRM, created: true })],
      "POST /api/accounts": [() => problem(503, "outcome-unknown"), () => Response.json(ACCOUNT, { status: 201 })],
    });
    await eventually(() => expect(document.querySelector("#kind-business")).not.toBeNull());
    document.querySelector<HTMLInputElement>("#kind-business")?.click();
    await fill("name", "ash & co");
    submit("name");
    await says("is in the registry.");
    await press("Another company");
    await fill("name", "New Firm");
    submit("name");
    await says("isn't in the registry yet");
    await fit();
    await press("Open the account");
    await says("We aren't sure whether this was done");
    await press("Open the account");
    await heading("Account");
    expect(of(asked, "POST /api/accounts/companies/upsert")[0]?.body).toEqual({ name: "New Firm" });
    const posts = of(asked, "POST /api/accounts");
    expect(posts[1]?.body).toEqual({ human_name_id: ANN, kind: "business", company_id: FIRM });
    expect(new Set(posts.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
  });

  it("aren't opened without the company that somebody has named", async () => {
    const asked = show("/accounts/new", {});
    await eventually(() => expect(document.querySelector("#kind-business")).not.toBeNull());
    document.querySelector<HTMLInputElement>("#kind-business")?.click();
    await fill("name", "ash & co");
    await press("Open the account");
    await says("Look the company up first.");
    expect(of(asked, "POST /api/accounts")).toEqual([]);
    await fit();
  });

  it("say what one may do, and why not", async () => {
    show(`/accounts/${ONE}`, around("account.view"));
    await says("why not role.manage");
    await says("Ash & Co");
    await fit();
  });

  it("that aren't there are said to be so", async () => {
    show(`/accounts/${ONE}`, {
      [`GET ${BASE}`]: [() => problem(404, "not-found")],
      [`GET ${BASE}/permissions/${ANN}`]: [() => problem(404, "not-found")],
    });
    await says("This doesn't exist, or not any more.");
    await fit();
  });
});
