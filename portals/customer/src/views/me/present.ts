//! Which sign-in this is. In: an access token. Out: the identifier of its session. It is read to mark a line, and decides nothing.

/** None: the token doesn't say, as one of another kind. */
export function sessionOf(token: string | undefined): string | undefined {
  try {
    const part = (token?.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const claims = JSON.parse(atob(part)) as { session_id?: unknown } | null;
    return typeof claims?.session_id === "string" ? claims.session_id : undefined;
  } catch {
    return undefined;
  }
}
