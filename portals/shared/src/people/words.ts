//! What is in accounts, in words.

import type { AccountSchemas } from "@rerp/shared/api";

export type Role = AccountSchemas["Role"];
export type AccountKind = AccountSchemas["AccountKind"];

/** Roles, the mightiest first, and what each may. */
export const ROLES: readonly { readonly value: Role; readonly label: string; readonly may: string }[] = [
  { value: "owner", label: "Owner", may: "answers for it: money, other owners, its end" },
  { value: "admin", label: "Admin", may: "runs it: people and addresses" },
  { value: "member", label: "Member", may: "works in it" },
  { value: "viewer", label: "Viewer", may: "looks at it" },
];

export function roleName(role: Role): string {
  return ROLES.find(({ value }) => value === role)?.label ?? role;
}

/** What to call an account: its company's name, else its kind. */
export function accountName(kind: AccountKind, company?: string | null): string {
  return company ?? (kind === "personal" ? "Personal account" : "Business account");
}

/** What may be done in an account, for people. */
export const ACTIONS: Readonly<Record<string, string>> = {
  "account.view": "See it",
  "account.close": "Close it",
  "role.view": "See who is in it",
  "role.manage": "Invite people, give and take roles",
  "owner.manage": "Make owners, and take that back",
  "address.manage": "Add and change addresses",
  "billing.view": "See plans and invoices",
  "billing.manage": "Choose plans and pay",
  "test.take": "Take tests",
};
