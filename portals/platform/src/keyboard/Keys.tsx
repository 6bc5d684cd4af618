//! Ctrl+K, or Cmd+K: what leads anywhere without a pointer. Its script is loaded with the first use; where it doesn't come, the next use tries again.

import { createSignal, ErrorBoundary, type JSX, lazy, onCleanup, onMount, Show, Suspense } from "solid-js";

const Palette = lazy(() => import("./Palette"));

export function Keys(): JSX.Element {
  const [isUsed, setUsed] = createSignal(false);
  const [isOpen, setOpen] = createSignal(false);
  const pressed = (event: KeyboardEvent) => {
    const isMeant = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (isMeant && event.key.toLowerCase() === "k") {
      event.preventDefault();
      setUsed(true);
      setOpen(true);
    }
  };
  const again = (reset: () => void) => {
    setUsed(false);
    reset();
  };
  onMount(() => document.addEventListener("keydown", pressed));
  onCleanup(() => document.removeEventListener("keydown", pressed));
  return (
    <ErrorBoundary fallback={(_, reset) => <Lost again={() => again(reset)} />}>
      <Suspense>
        <Show when={isUsed()}>
          <Palette open={isOpen()} close={() => setOpen(false)} />
        </Show>
      </Suspense>
    </ErrorBoundary>
  );
}

/** Nothing is shown of it: the view beside it is whole. */
function Lost(props: { readonly again: () => void }): JSX.Element {
  onMount(() => props.again());
  return null;
}
