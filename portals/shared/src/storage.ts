//! What a browser remembers of itself between visits: small choices, never a token and never anything about a person. In: names. Out: texts. A browser
//! that remembers nothing is as good as one that has forgotten.

const PREFIX = "rerp.";

/** What was kept under a name. */
export function recall(name: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a text. */
export function keep(name: string, text: string): void {
  try {
    localStorage.setItem(PREFIX + name, text);
  } catch {
    // Nothing can be kept here: a private window, or no room.
  }
}

/** Forgets a name. */
export function forget(name: string): void {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // Nothing was kept.
  }
}
