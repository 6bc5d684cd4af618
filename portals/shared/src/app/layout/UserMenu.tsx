//! Who is signed in, and the way out. A button that opens a list, as browsers' own keys expect it: Escape closes it and gives the focus back.

import type { Problem } from "@rerp/shared/api";
import { ProblemNotice } from "@rerp/shared/ui";
import { type Accessor, createSignal, createUniqueId, type JSX, onCleanup, onMount, Show } from "solid-js";
import { usePerson, useSession } from "../session";

export function UserMenu(): JSX.Element {
  const person = usePerson();
  const id = createUniqueId();
  let menu: HTMLDivElement | undefined;
  let button: HTMLButtonElement | undefined;
  const [isOpen, setOpen] = createDisclosure(
    () => menu,
    () => button,
  );
  return (
    <div class="menu" ref={(element) => (menu = element)}>
      <button
        type="button"
        class="button menu-button"
        aria-expanded={isOpen()}
        aria-controls={id}
        ref={(element) => (button = element)}
        onClick={() => setOpen(!isOpen())}
      >
        Your account
      </button>
      <div id={id} class="menu-list card" hidden={!isOpen()}>
        <Show when={person().email}>
          <p class="menu-who">
            Signed in as <strong>{person().email}</strong>
          </p>
        </Show>
        <SignOut />
      </div>
    </div>
  );
}

function SignOut(): JSX.Element {
  const session = useSession();
  const [isLeaving, setLeaving] = createSignal(false);
  const [problem, setProblem] = createSignal<Problem>();
  const leave = async () => {
    if (isLeaving()) {
      return;
    }
    setLeaving(true);
    setProblem(undefined);
    // The address may name what is nobody else's business, and whoever signs in next begins anew.
    setProblem(await session.signOut(() => history.replaceState(null, "", "/sign-in")));
    setLeaving(false);
  };
  return (
    <>
      <button
        type="button"
        class="button"
        aria-disabled={isLeaving() ? "true" : undefined}
        onClick={() => void leave()}
      >
        {isLeaving() ? "Signing out …" : "Sign out"}
      </button>
      <ProblemNotice problem={problem()} />
    </>
  );
}

/** Whether something is open that closes when somebody goes elsewhere. `within`: all of it; `button`: what opens it. */
function createDisclosure(
  within: () => HTMLElement | undefined,
  button: () => HTMLElement | undefined,
): [Accessor<boolean>, (open: boolean) => void] {
  const [isOpen, setOpen] = createSignal(false);
  const elsewhere = (event: Event) => {
    if (event.target instanceof Node && !within()?.contains(event.target)) {
      setOpen(false);
    }
  };
  const close = (event: KeyboardEvent) => {
    if (event.key === "Escape" && isOpen()) {
      setOpen(false);
      button()?.focus();
    }
  };
  onMount(() => {
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    document.addEventListener("keydown", close);
  });
  onCleanup(() => {
    document.removeEventListener("pointerdown", elsewhere);
    document.removeEventListener("focusin", elsewhere);
    document.removeEventListener("keydown", close);
  });
  return [isOpen, setOpen];
}
