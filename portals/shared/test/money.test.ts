import { describe, expect, it } from "vitest";
import { money } from "../src/money";

describe("amounts", () => {
  it.each([
    [1250, "eur", "€12.50"],
    [1200, "eur", "€12"],
    [5, "usd", "$0.05"],
    [0, "eur", "€0"],
    [1900, "jpy", "¥1,900"],
    [12345, "kwd", "KWD 12.345"],
    [150000, "isk", "ISK 1,500"],
    [-1250, "eur", "-€12.50"],
    [9007199254740991, "usd", "$90,071,992,547,409.91"],
  ])("%i %s is %s", (amount, currency, text) => {
    expect(money(amount, currency, "en").replaceAll("\u00a0", " ")).toBe(text);
  });
});
