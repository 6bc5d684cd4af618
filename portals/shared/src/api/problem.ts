//! What went wrong with a call (RFC 9457). In: an answer that is no success, or none at all. Out: its kind, and mistakes by field. What a service
//! says in its own words is shown for fields only: that text is written for whoever fills in a form.

import { isSlug, type Kind } from "./messages";

const BASE = "https://rerp.dev/problems/";

/** Something that went wrong. */
export interface Problem {
  /** Which kind it is. */
  readonly kind: Kind;
  /** What is wrong, by the name of the field. */
  readonly fields: Readonly<Record<string, string>>;
  /** Finds the request in the logs, where there was one. */
  readonly request?: string;
  /** How long to wait before it is tried again, in seconds, by the server's clock; where it says so. */
  readonly wait?: number;
}

/** There was no answer. */
export const NETWORK: Problem = { kind: "network", fields: {} };

/** Reads a problem out of an answer's body, whatever that is. */
export function problemOf(body: unknown): Problem {
  const document = isRecord(body) ? body : {};
  const type = typeof document.type === "string" ? document.type : "";
  const slug = type.startsWith(BASE) ? type.slice(BASE.length) : "";
  const kind = isSlug(slug) ? slug : "unknown";
  const fields = Object.fromEntries(mistakes(document.errors));
  return typeof document.request_id === "string" ? { kind, fields, request: document.request_id } : { kind, fields };
}

/** `/email` is the field `email`; what is further inside belongs to the field that it is in. */
function mistakes(errors: unknown): [string, string][] {
  const list: unknown[] = Array.isArray(errors) ? errors : [];
  return list.flatMap((error) => {
    if (!isRecord(error) || typeof error.pointer !== "string" || typeof error.detail !== "string") {
      return [];
    }
    const name = error.pointer.split("/")[1];
    return name ? [[name, sentence(error.detail)] as [string, string]] : [];
  });
}

/** `must be an address` becomes `Must be an address.` */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
