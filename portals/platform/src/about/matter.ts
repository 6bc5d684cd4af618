//! The reason for which something is shown, for what leads on from it.

import { createContext, useContext } from "solid-js";

const Context = createContext<() => string>(() => "");
export const MatterProvider = Context.Provider;

/** Empty outside of a matter. */
export function useMatter(): () => string {
  return useContext(Context);
}
