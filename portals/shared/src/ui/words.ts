//! The words for problems, as the portal around has them. In: a portal's own words, if it has any. Out: the words of a kind.

import { createContext, useContext } from "solid-js";
import { type Kind, type OwnWords, words } from "../api";

const Context = createContext<OwnWords>({});
export const WordsProvider = Context.Provider;

export function useWords(): (kind: Kind) => string {
  const own = useContext(Context);
  return (kind) => words(kind, own);
}
