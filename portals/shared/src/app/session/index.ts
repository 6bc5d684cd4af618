export { SessionProvider, usePerson, useSession } from "./context";
export { ask, wrong } from "./remote";
export { createSession, type Session, type Step } from "./session";
export type { Who } from "./who";
