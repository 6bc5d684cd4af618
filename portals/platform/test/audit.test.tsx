import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { AT, BEA, say } from "./around";
import { of, press, says, show } from "./shown";

const TRAIL = "GET /api/identity/audit";
const row = {
  id: BEA,
  staff_id: BEA,
  request: "r",
  route: "/api/identity/people",
  about: [],
  reason: "ticket 1",
  detail: null,
  at: AT,
};

describe("the audit trail", () => {
  it("begins with the newest, on every page", async () => {
    const asked = show("/audit", {
      [TRAIL]: [
        () => Response.json({ items: [row], next_cursor: BEA }),
        () => Response.json({ items: [], next_cursor: null }),
      ],
    });
    await say();
    await says("ticket 1");
    await press("Next page");
    const queries = () => of(asked, TRAIL).map(({ query }) => [query.get("order"), query.get("cursor")]);
    await eventually(() => expect(queries().length).toBe(2));
    expect(queries()).toEqual([
      ["newest_first", null],
      ["newest_first", BEA],
    ]);
  });
});
