//! The session, for views.

import { createContext, type JSX, onCleanup, onMount, useContext } from "solid-js";
import { watchScripts } from "./scripts";
import { createSession, type Session } from "./session";

const Context = createContext<Session>();

/** Gives views a session: this one, or that of the browser, which it asks for. */
export function SessionProvider(props: { readonly session?: Session; readonly children: JSX.Element }): JSX.Element {
  const session = props.session ?? createSession();
  onMount(() => void session.start());
  onCleanup(watchScripts(session));
  onCleanup(() => session.close());
  return <Context.Provider value={session}>{props.children}</Context.Provider>;
}

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) {
    throw new Error("a view asks for the session outside of SessionProvider");
  }
  return session;
}

/** Whoever is signed in. Only for views behind the gate. */
export function usePerson(): () => { readonly person: string; readonly email: string } {
  const session = useSession();
  return () => {
    const who = session.who();
    return who.state === "in" ? who : { person: "", email: "" };
  };
}
