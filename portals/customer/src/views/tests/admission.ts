//! Why somebody can't begin a test, in words, with the way to what mends it. In: what a call was refused with. Out: words and a link; none where the usual words do.

import { Refusal } from "./call";

/** Where it is mended. */
const VERIFICATION = "/verify";
const ACCOUNTS = "/accounts";
const PLANS = "/billing";

export interface Reason {
  readonly text: string;
  readonly way?: { readonly href: string; readonly label: string };
}

const PROVE: Reason = {
  text: "Before you take a test, prove your e-mail address and your telephone number.",
  way: { href: VERIFICATION, label: "Prove them" },
};

/** By the word that Account's reason begins with. */
const BY_ROLE: Readonly<Record<string, Reason>> = {
  not_verified: PROVE,
  no_role: {
    text: "You have no role in this account any more. Choose another account, or ask an owner to invite you.",
    way: { href: ACCOUNTS, label: "Your accounts" },
  },
  role_too_low: {
    text: "Your role in this account doesn't include taking tests. Ask an owner for another role.",
    way: { href: ACCOUNTS, label: "Your accounts" },
  },
};

/** By the word that Billing's reason begins with. */
const BY_PLAN: Readonly<Record<string, string>> = {
  not_paid: "The account's last payment hasn't arrived. Once it is paid, you can take tests.",
};

/** What stands in the way. */
export function reason(error: unknown): Reason | undefined {
  if (!(error instanceof Refusal)) {
    return undefined;
  }
  switch (error.problem.kind) {
    case "not-verified":
      return PROVE;
    case "not-permitted":
      return BY_ROLE[/^test\.take: (\w+)/.exec(error.detail)?.[1] ?? ""];
    case "not-entitled": {
      const word = /^(\w+):/.exec(error.detail)?.[1] ?? "";
      const text = BY_PLAN[word] ?? "The account has no plan that includes tests. Choose one first.";
      return { text, way: { href: PLANS, label: word === "not_paid" ? "To the payments" : "See the plans" } };
    }
    case "too-many-requests":
      return { text: `The last attempt wasn't passed. You can try again ${pause(error.wait)}.` };
    case "invalid-value":
      return error.problem.fields.module
        ? { text: `This test can't be taken now. ${error.problem.fields.module}` }
        : undefined;
    default:
      return undefined;
  }
}

/** `in 12 minutes`; never too early. */
export function pause(seconds: number | undefined): string {
  if (seconds === undefined) {
    return "in a while";
  }
  if (seconds < 60) {
    return `in ${amount(seconds, "second")}`;
  }
  const minutes = Math.ceil(seconds / 60);
  return `in ${minutes < 120 ? amount(minutes, "minute") : amount(Math.ceil(minutes / 60), "hour")}`;
}

export function amount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** The session that runs already, as the service names it; none where it names none. */
export function running(error: unknown): string | undefined {
  const isRunning = error instanceof Refusal && error.problem.kind === "already-exists";
  return isRunning ? /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(error.detail)?.[0] : undefined;
}
