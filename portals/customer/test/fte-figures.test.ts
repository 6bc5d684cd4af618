import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, show as shown } from "../src/views/tests/decimal";
import { PATTERNS } from "../src/views/tests/scenario/names";
import { decisions, orders } from "../src/views/tests/scenario/orders";
import { bars, figures, rows } from "../src/views/tests/scenario/read";
import { candles } from "../src/views/tests/scenario/scale";
import { check, worth } from "../src/views/tests/scenario/Ticket";
import type { Scenario } from "../src/views/tests/types";
import { bar } from "./fte-played";

const listed = (sequence: number, expected_seq: number, action: unknown, done: boolean | null = true) =>
  ({ sequence, expected_seq, action, done, created_at: "2026-11-29T10:00:00Z" }) as Scenario["user_actions"][number];

describe("figures", () => {
  it("are read exactly, or not at all", () => {
    expect([parse("12.5", 4), parse("-0.0001", 4), parse("007", 1), parse("3", 0)]).toEqual([125_000n, -1n, 70n, 3n]);
    for (const wrong of [
      "",
      ".",
      "1.",
      ".5",
      "1.23456",
      "+1",
      "1e3",
      "1,5",
      " 1",
      "--1",
      "99999999999999999999",
      "NaN",
    ]) {
      expect(parse(wrong, 4), wrong).toBeUndefined();
    }
    expect([shown(-123_400n, 4), shown(0n, 4, 2), shown(5n, 0), shown(100_000_000n, 8, 2)]).toEqual([
      "-12.34",
      "0.00",
      "5",
      "1.00",
    ]);
    expect(worth("0.1", "0.2")).toBe("0.02");
    expect(worth("99999.9999", "99999.9999")).toBe("9999999980.00000001");
    expect(worth("x", "1")).toBeUndefined();
    expect(check({ quantity: "0", limit: "1.00001" })).toEqual({
      quantity: expect.any(String),
      limit: expect.any(String),
    });
    expect(check({ quantity: "0.0001", limit: undefined })).toEqual({});
  });

  it("that aren't as they should be are left out", () => {
    expect(bars([bar(1), { open: 1, high: "2", low: "1", close: "1" }, null, "x"])).toEqual([bar(1)]);
    expect(bars(null)).toEqual([]);
    expect(figures(null)).toMatchObject({ cash: "0", openOrders: 0, average: undefined });
    expect(
      rows([{ seq: 1, type: "bar" }, { seq: 2, type: "filled", order: 3, price: "1.00", fee: "0.00" }, 7]),
    ).toEqual([{ seq: 2, type: "filled", order: 3, price: "1.00", fee: "0.00" }]);
  });

  it("stand where they belong", () => {
    const { candles: all, lines, first } = candles([bar(0), bar(1), bar(2)], 2);
    expect(first).toBe(1);
    expect(all.map((candle) => candle.at)).toEqual([2, 3]);
    for (const candle of all) {
      expect(candle.high).toBeLessThanOrEqual(candle.top);
      expect(candle.low).toBeGreaterThanOrEqual(candle.top + candle.height);
    }
    expect(lines[0]?.price).toBe("100.25");
    expect(candles([], 60)).toEqual({ candles: [], lines: [], first: 0 });
  });
});

describe("orders", () => {
  const order = (sequence: number, seq: number) => listed(sequence, seq, { order: { side: "buy", quantity: "1" } });
  const fates = (...given: Parameters<typeof orders>) => orders(...given).map(({ number, fate }) => [number, fate]);

  it("have the fate that rows tell", () => {
    const seen = rows([
      { seq: 5, type: "placed", order: 0 },
      { seq: 6, type: "placed", order: 1 },
      { seq: 8, type: "filled", order: 0, price: "1.00", fee: "0.00" },
    ]);
    expect(fates([order(1, 5), order(2, 6), listed(3, 7, { advance: {} })], seen, 1)).toEqual([
      [0, "filled"],
      [1, "open"],
    ]);
  });

  it("that were placed before follow from how many are open, as far as they do", () => {
    const actions = [
      order(1, 5),
      order(2, 6),
      listed(3, 7, { cancel: { order: 0 } }),
      listed(4, 8, { order: {} }, false),
    ];
    expect(fates(actions, [], 1)).toEqual([
      [0, "cancelled"],
      [1, "open"],
    ]);
    expect(fates(actions, [], 0)).toEqual([
      [0, "cancelled"],
      [1, "closed"],
    ]);
    expect(fates([order(1, 5), order(2, 6)], [], 1)).toEqual([
      [0, "unknown"],
      [1, "unknown"],
    ]);
    // Of a long scenario the first ones aren't listed, and then nobody knows the numbers.
    expect(fates([order(7, 5)], [], 1)).toEqual([]);
  });

  it("make decisions, one for each bar", () => {
    const actions = [
      order(1, 5),
      order(2, 6),
      listed(3, 7, { advance: {} }),
      listed(4, 8, { name: { patterns: [] } }, false),
      listed(5, 8, { advance: {} }),
      listed(6, 9, { name: { patterns: [] } }),
    ];
    expect(decisions(actions)).toEqual({ count: 2, isNamed: true });
    expect(decisions([...actions, listed(7, 10, { advance: {} })])).toEqual({ count: 2, isNamed: false });
  });
});

describe("patterns", () => {
  it("are those that the service knows", () => {
    const folder = join(import.meta.dirname, "../../../services/sandbox/src/trading/pattern");
    const code = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
    const known = new Set(
      code.flatMap((text) => Array.from(text.matchAll(/Pattern::row\(\s*"(CDL\w+)"/g), (found) => found[1])),
    );
    expect(known.size).toBe(61);
    expect(new Set(Object.keys(PATTERNS))).toEqual(known);
  });
});
