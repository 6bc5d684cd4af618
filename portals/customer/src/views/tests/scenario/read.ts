//! What the trading service says, which the API hands on as it is. In: JSON. Out: bars, rows and figures; what isn't as it should be is left out, and never guessed.

import { fits } from "../decimal";

/** Decimal places of prices and quantities, and of amounts. */
export const PRICE = 4;
export const MONEY = 8;

export interface Bar {
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
}

export interface Figures {
  readonly cash: string;
  readonly free: string;
  readonly locked: string;
  readonly quantity: string;
  readonly average: string | undefined;
  readonly realised: string;
  readonly unrealised: string;
  readonly fees: string;
  readonly equity: string;
  readonly openOrders: number;
  readonly right: number;
  readonly wrong: number;
  readonly missed: number;
}

/** A row of the ledger that somebody is shown. */
export type Row =
  | { readonly seq: number; readonly type: "placed"; readonly order: number }
  | { readonly seq: number; readonly type: "cancelled" | "refused"; readonly order: number }
  | {
      readonly seq: number;
      readonly type: "filled";
      readonly order: number;
      readonly price: string;
      readonly fee: string;
    }
  | {
      readonly seq: number;
      readonly type: "named";
      readonly right: readonly string[];
      readonly wrong: readonly string[];
      readonly missed: readonly string[];
    };

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): string[] {
  return list(value).filter((each) => typeof each === "string");
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : 0;
}

/** A decimal text; `0` where there is none. */
function decimal(value: unknown, places: number): string {
  return typeof value === "string" && fits(value, places) ? value : "0";
}

export function bars(value: unknown): Bar[] {
  return list(value).flatMap((each) => {
    const { open, high, low, close } = fields(each);
    const all = [open, high, low, close].filter((price) => typeof price === "string" && fits(price, PRICE)) as string[];
    const [first = "", highest = "", lowest = "", last = ""] = all;
    return all.length === 4 ? [{ open: first, high: highest, low: lowest, close: last }] : [];
  });
}

export function figures(value: unknown): Figures {
  const results = fields(value);
  const position = fields(results.position);
  const score = fields(results.score);
  const money = (name: string) => decimal(results[name], MONEY);
  return {
    cash: money("cash"),
    free: money("free"),
    locked: money("locked"),
    quantity: decimal(position.quantity, PRICE),
    average: typeof results.average === "string" ? decimal(results.average, PRICE) : undefined,
    realised: money("realised"),
    unrealised: money("unrealised"),
    fees: money("fees"),
    equity: money("equity"),
    openOrders: count(results.open_orders),
    right: count(score.right),
    wrong: count(score.wrong),
    missed: count(score.missed),
  };
}

export function rows(value: unknown): Row[] {
  return list(value).flatMap((each): Row[] => {
    const row = fields(each);
    const [seq, order] = [count(row.seq), count(row.order)];
    switch (row.type) {
      case "placed":
      case "cancelled":
      case "refused":
        return [{ seq, type: row.type, order }];
      case "filled":
        return [{ seq, type: row.type, order, price: decimal(row.price, PRICE), fee: decimal(row.fee, MONEY) }];
      case "named":
        return [{ seq, type: row.type, right: texts(row.right), wrong: texts(row.wrong), missed: texts(row.missed) }];
      default:
        return [];
    }
  });
}
