//! Orders of a scenario. In: the actions that the service lists, and the rows of the ledger that were seen here. Out: each order and what became of it. Pure.
//!
//! The service gives rows only as they come about: what became of an order before this page was opened follows from how many are open, or isn't known.

import type { Scenario } from "../types";
import type { Row } from "./read";

export type Fate = "open" | "filled" | "cancelled" | "refused" | "closed" | "unknown";

export interface Order {
  readonly number: number;
  readonly side: "buy" | "sell";
  readonly quantity: string;
  readonly limit: string | undefined;
  readonly fate: Fate;
  readonly price?: string;
  readonly fee?: string;
}

type Listed = Scenario["user_actions"][number];

/** The action's own part, such as `order`; none if it is another one, or wasn't done. */
function done<T>(listed: Listed, name: string): T | undefined {
  const action = listed.action as Readonly<Record<string, T>> | null;
  return listed.done ? action?.[name] : undefined;
}

export function orders(actions: readonly Listed[], rows: readonly Row[], open: number): Order[] {
  // Orders are numbered as they are placed, from 0; of long scenarios only the newest actions are listed, and numbers are known of what was placed here.
  const isWhole = (actions[0]?.sequence ?? 1) === 1;
  const placed = actions.filter((listed) => done(listed, "order"));
  const numbered = placed.flatMap((listed, at) => {
    const seen = rows.find((row) => row.type === "placed" && row.seq === listed.expected_seq);
    const number = seen && "order" in seen ? seen.order : isWhole ? at : undefined;
    const terms = done<Pick<Order, "side" | "quantity" | "limit">>(listed, "order");
    return number === undefined || !terms ? [] : [{ ...terms, number, isSeen: seen !== undefined }];
  });
  const cancelled = new Set(actions.map((listed) => done<{ order: number }>(listed, "cancel")?.order));
  const judged = numbered.map(({ isSeen, ...order }) => ({ ...order, ...fate(order.number, isSeen, rows, cancelled) }));
  const left = open - judged.filter((order) => order.fate === "open").length;
  const unknown = judged.filter((order) => order.fate === "unknown").length;
  const all: Fate = left <= 0 ? "closed" : left >= unknown ? "open" : "unknown";
  return judged.map((order) => (order.fate === "unknown" ? { ...order, fate: all } : order));
}

function fate(number: number, isSeen: boolean, rows: readonly Row[], cancelled: ReadonlySet<number | undefined>) {
  const end = rows.find((row) => row.type !== "placed" && row.type !== "named" && row.order === number);
  if (end?.type === "filled") {
    return { fate: "filled" as const, price: end.price, fee: end.fee };
  }
  if (end?.type === "refused") {
    return { fate: "refused" as const };
  }
  if (cancelled.has(number)) {
    return { fate: "cancelled" as const };
  }
  return { fate: isSeen ? ("open" as const) : ("unknown" as const) };
}

/** At how many bars something was decided, of the actions that are listed; and whether patterns were named for the bar that is the last one now. */
export function decisions(actions: readonly Listed[]): { readonly count: number; readonly isNamed: boolean } {
  let [count, isDecided, isNamed] = [0, false, false];
  for (const listed of actions) {
    if (done(listed, "advance")) {
      [isDecided, isNamed] = [false, false];
    } else if (done(listed, "order") || done(listed, "name")) {
      count += isDecided ? 0 : 1;
      isDecided = true;
      isNamed ||= done(listed, "name") !== undefined;
    }
  }
  return { count, isNamed };
}
