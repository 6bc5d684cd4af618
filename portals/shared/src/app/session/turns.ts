//! One at a time, in all tabs of this browser: two that refresh at once would show the same refresh token twice. In: work. Out: what comes of it.

const NAME = "rerp-session";
/** How long somebody else's turn may take, in milliseconds: a little longer than an answer may. */
const PATIENCE = 20_000;

let last: Promise<unknown> = Promise.resolve();

/** Waits for its turn. A browser without locks has turns in each tab alone. */
export function turn<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(() => locked(work));
  last = next.catch(() => undefined);
  return next;
}

async function locked<T>(work: () => Promise<T>): Promise<T> {
  if (!("locks" in navigator)) {
    return work();
  }
  return navigator.locks.request(NAME, { signal: AbortSignal.timeout(PATIENCE) }, work);
}
