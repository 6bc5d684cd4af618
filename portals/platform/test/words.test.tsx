import { describe, expect, it } from "vitest";
import { problem } from "../../shared/test/played";
import { WORDS } from "../src/words";
import { AT, BEA, human, look, ONE, page, say } from "./around";
import { press, says, show, text } from "./shown";

const REFUSED = () => problem(403, "not-permitted");
const STAFF = "An owner of the platform";
const CUSTOMERS = "owner of the account";

describe("what staff are told of problems", () => {
  it("is for staff, in a view", async () => {
    show("/offer", { "GET /api/billing/plans": [REFUSED] });
    await says(STAFF);
    expect(text()).not.toContain(CUSTOMERS);
  });

  it("is for staff, in a dialog", async () => {
    const letter = { id: ONE, queue: "inbox", event: "e", subject_id: BEA, sequence: 1, attempts: 1, error: null };
    show("/dead-letters", {
      "GET /api/identity/dead-letters": [page({ ...letter, created_at: AT, dead_at: AT })],
      [`POST /api/identity/dead-letters/${ONE}/replay`]: [REFUSED],
    });
    await say();
    await press("Let it go on");
    await press("Let it go on", -1);
    await says(STAFF);
    expect(text()).not.toContain(CUSTOMERS);
  });

  it("is for staff, in a line of a list", async () => {
    show("/", {
      [`GET /api/identity/user/${BEA}`]: [human],
      [`GET /api/accounts/people/${BEA}/export`]: [REFUSED],
    });
    await look(BEA, "Person");
    await press("Collect it");
    await says(STAFF);
    expect(text()).not.toContain(CUSTOMERS);
  });

  it("is whole sentences", () => {
    for (const words of Object.values(WORDS)) {
      expect(words).toMatch(/^[A-Z].*\.$/);
    }
  });
});
