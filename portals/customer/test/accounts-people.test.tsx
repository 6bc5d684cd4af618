import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { ANN, problem } from "../../shared/test/played";
import { ACTIONS, AT, around, BASE, BEA, GONE, ONE, page } from "./account";
import { controls, field, fill, fit, heading, of, press, says, show, submit, text } from "./shown";

describe("people", () => {
  const role = (role_id: string, human_name_id: string, role: string) => ({
    role_id,
    account_id: ONE,
    human_name_id,
    role,
    created_at: AT,
  });
  const ROLES = page(role("r1", ANN, "owner"), role("r2", BEA, "admin"));

  it("are given roles and lose them, and the last owner stays", async () => {
    const asked = show(`/accounts/${ONE}/people`, {
      ...around(...ACTIONS),
      [`GET ${BASE}/roles`]: [ROLES],
      [`GET ${BASE}/invites`]: [page()],
      [`DELETE ${BASE}/roles/r1`]: [() => problem(409, "last-owner")],
      [`DELETE ${BASE}/roles/r2`]: [GONE],
      [`POST ${BASE}/roles`]: [
        () => problem(422, "invalid-value", { errors: [{ pointer: "/human_name_id", detail: "is nobody" }] }),
        () => problem(409, "no-seat-left"),
        () => Response.json(role("r3", BEA, "owner"), { status: 201 }),
      ],
    });
    await says("Nobody is invited.");
    await eventually(() => expect(controls("Take away").length).toBe(2));
    await fit();
    await press("Take away");
    await press("Take it away");
    await says("An account needs an owner. Make somebody else an owner first.");
    await fit();
    await press("Keep it as it is");
    await eventually(() => expect(text()).not.toContain("Take the role away?"));
    await press("Take away", 1);
    await press("Take it away");
    await says("The role is taken away.");
    await fill("human_name_id", BEA.toUpperCase());
    submit("human_name_id");
    await says("Is nobody.");
    submit("human_name_id");
    await says("has no seat left");
    submit("human_name_id");
    await says("The role is given.");
    const posts = of(asked, `POST ${BASE}/roles`);
    expect(posts[2]?.body).toEqual({ human_name_id: BEA, role: "member" });
    expect(new Set(posts.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
  });

  it("who may not manage them see why", async () => {
    show(`/accounts/${ONE}/people`, { ...around("account.view"), [`GET ${BASE}/roles`]: [ROLES] });
    await says("why not role.manage");
    expect(controls("Take away")).toEqual([]);
    await fit();
  });

  it("who aren't owners make none", async () => {
    show(`/accounts/${ONE}/people`, {
      ...around("role.manage"),
      [`GET ${BASE}/roles`]: [ROLES],
      [`GET ${BASE}/invites`]: [page()],
    });
    await says("why not owner.manage");
    await eventually(() => expect(controls("Take away").length).toBe(1));
    const choices = Array.from(document.querySelectorAll("option"), ({ value }) => value);
    expect(choices).not.toContain("owner");
    expect(choices).toContain("admin");
  });

  it("are invited, again and no more", async () => {
    const invite = (invite_id: string, state: string, sent_at: string | null) => ({
      invite_id,
      account_id: ONE,
      email_address_id: BEA,
      human_name_id: null,
      role: "member",
      state,
      sent_at,
      expires_at: AT,
      created_at: AT,
    });
    const asked = show(`/accounts/${ONE}/people`, {
      ...around(...ACTIONS),
      [`GET ${BASE}/roles`]: [ROLES],
      [`GET ${BASE}/invites`]: [
        page(invite("i1", "open", null), invite("i2", "expired", AT), invite("i3", "accepted", AT)),
      ],
      [`POST ${BASE}/invites`]: [
        () => problem(409, "already-exists"),
        () => Response.json(invite("i4", "open", null), { status: 201 }),
      ],
      [`POST ${BASE}/invites/i1/resend`]: [
        () => new Response(problem(429, "too-many-requests").body, { status: 429, headers: { "retry-after": "45" } }),
      ],
      [`POST ${BASE}/invites/i2/resend`]: [() => Response.json(invite("i2", "open", AT))],
      [`DELETE ${BASE}/invites/i1`]: [() => problem(409, "ended"), GONE],
    });
    await says("No mail is on its way");
    expect(controls("Send again").length).toBe(2);
    await fit();
    await fill("email", "bea@example.com");
    submit("email");
    await says("There is an invitation to this address already.");
    submit("email");
    await says("no mail could be sent yet");
    expect(of(asked, `POST ${BASE}/invites`)[0]?.body).toEqual({ email: "bea@example.com", role: "member" });
    await press("Send again");
    await says("Again in 0:4");
    await press("Send again");
    await says("The invitation is on its way.");
    await press("Take back");
    await press("Take it back");
    await says("This has ended and takes nothing more.");
    await press("Take it back");
    await says("The invitation is taken back.");
  });

  it("accept what they are invited to, by the mail's link", async () => {
    const asked = show("/invitation#abc123", {
      ...around("account.view"),
      "POST /api/accounts/invites/accept": [
        () => problem(409, "ended"),
        () => Response.json(role("r9", ANN, "member")),
      ],
    });
    await heading("Accept an invitation");
    expect(field("token").value).toBe("abc123");
    expect(of(asked, "POST /api/accounts/invites/accept"), "opening the page accepts nothing").toEqual([]);
    await fit();
    submit("token");
    await says("It is used, taken back or too old.");
    await fill("token", "https://app.example/invitation#def456");
    submit("token");
    await heading("Account");
    expect(location.hash).toBe("");
    expect(of(asked, "POST /api/accounts/invites/accept")[1]?.body).toEqual({ token: "def456", human_name_id: ANN });
  });
});
