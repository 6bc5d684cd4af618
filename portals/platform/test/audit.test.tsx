import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { AT, BEA, say } from "./around";
import { fill, of, press, says, show, submit } from "./shown";

const DAY = 86_400_000;
const TRAIL = "GET /api/identity/audit";

/** When the row was made that a page begins after, by its identifier. */
const moment = (id: string | null) => Number.parseInt((id ?? "").replaceAll("-", "").slice(0, 12), 16);

const row = (id: string) => ({
  id,
  staff_id: BEA,
  request: "r",
  route: "/api/identity/people",
  about: [],
  reason: "ticket 1",
  detail: null,
  at: AT,
});

describe("the audit trail", () => {
  it("begins a day ago, and elsewhere when somebody says so", async () => {
    const asked = show("/audit", {
      [TRAIL]: [
        () => Response.json({ items: [row(BEA)], next_cursor: BEA }),
        () => Response.json({ items: [], next_cursor: null }),
      ],
    });
    await say();
    await says("ticket 1");
    const cursors = () => of(asked, TRAIL).map(({ query }) => query.get("cursor"));
    const ago = () => Date.now() - moment(cursors().at(-1) ?? null);
    expect(Math.abs(ago() - DAY)).toBeLessThan(60_000);
    await press("Next page");
    await eventually(() => expect(cursors().at(-1)).toBe(BEA));
    await fill("since", "week");
    submit("since");
    await eventually(() => expect(cursors().length).toBe(3));
    expect(Math.abs(ago() - 7 * DAY)).toBeLessThan(60_000);
    await fill("since", "beginning");
    submit("since");
    await eventually(() => expect(cursors().length).toBe(4));
    expect(cursors().at(-1)).toBeNull();
  });
});
