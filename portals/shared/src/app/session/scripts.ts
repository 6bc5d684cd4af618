//! Scripts of views that don't come. In: what the bundler tells of them. Out: a page that begins anew, with signing in, where the session has ended meanwhile.

import type { Session } from "./session";

/** As Vite calls it. */
const LOST = "vite:preloadError";

/**
 * Whoever isn't signed in gets some scripts no more, as if they weren't there. So who it is is asked again, and whoever was in and isn't any more begins with a new
 * page: for some browsers, a script that didn't come once stays lost as long as the page is there. Gives what ends it.
 */
export function watchScripts(session: Session): () => void {
  const lost = async () => {
    const wasIn = session.who().state === "in";
    await session.start();
    if (wasIn && session.who().state === "out") {
      location.reload();
    }
  };
  const heard = () => void lost();
  window.addEventListener(LOST, heard);
  return () => window.removeEventListener(LOST, heard);
}
