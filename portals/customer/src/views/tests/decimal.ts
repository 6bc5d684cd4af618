//! Decimal texts and the integers they stand for, as the services read them. In: texts such as `12.5` and a number of places. Out: integers of the last place.
//! No number of JavaScript takes part.

/** The largest integer of 64 bits. */
const MOST = 2n ** 63n - 1n;
const TEXT = /^(-?)(\d+)(?:\.(\d+))?$/;

/** The integer that a text stands for. No exponent, no plus, no more places than that; none for everything else. */
export function parse(text: string, places: number): bigint | undefined {
  const [, sign, whole = "", part = ""] = TEXT.exec(text) ?? [];
  if (sign === undefined || part.length > places) {
    return undefined;
  }
  const value = BigInt(`${whole}${part.padEnd(places, "0")}`);
  return value > MOST ? undefined : sign ? -value : value;
}

export function fits(text: string, places: number): boolean {
  return parse(text, places) !== undefined;
}

/** The text of an integer, with at least `least` places and no zeros beyond. */
export function show(value: bigint, places: number, least = 0): string {
  const digits = String(value < 0n ? -value : value).padStart(places + 1, "0");
  const [whole, part] = [digits.slice(0, digits.length - places), digits.slice(digits.length - places)];
  const kept = part.replace(/0+$/, "").padEnd(least, "0");
  return `${value < 0n ? "-" : ""}${whole}${kept && `.${kept}`}`;
}
