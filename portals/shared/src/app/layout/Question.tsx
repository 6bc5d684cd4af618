//! Something that is done with one of several after a question, and said once it is done. In: the several, with a way to ask about one; what is asked, done and said.

import { createSignal, type JSX } from "solid-js";
import { createAsked } from "./asked";
import { Confirm } from "./Confirm";

/** The same for all of them, or by what was chosen. */
export type Words<T> = string | ((chosen: T) => string);

export interface QuestionProps<T> {
  readonly title: Words<T>;
  /** What follows from it. */
  readonly text: Words<T>;
  readonly button: Words<T>;
  readonly busy: string;
  /** Does it; throws a `Failure`. */
  readonly work: (chosen: T) => Promise<unknown>;
  /** What is said after it went well, and what else follows. */
  readonly said: Words<T>;
  readonly done: (chosen: T) => void;
  readonly children: (ask: (what: T) => void) => JSX.Element;
}

/** `T`: never undefined. */
export function Question<T>(props: QuestionProps<T>): JSX.Element {
  const asked = createAsked<T>();
  const [said, setSaid] = createSignal("");
  const told = (words: Words<T>) => {
    const chosen = asked.chosen();
    if (typeof words === "string") {
      return words;
    }
    return chosen === undefined ? "" : words(chosen);
  };
  const ask = (what: T) => {
    setSaid("");
    asked.ask(what);
  };
  const done = () => {
    setSaid(told(props.said));
    props.done(asked.chosen() as T);
  };
  return (
    <>
      {props.children(ask)}
      <p role="status">{said()}</p>
      <Confirm
        open={asked.isOpen()}
        close={asked.close}
        title={told(props.title)}
        text={told(props.text)}
        button={told(props.button)}
        busy={props.busy}
        work={() => props.work(asked.chosen() as T)}
        done={done}
      />
    </>
  );
}
