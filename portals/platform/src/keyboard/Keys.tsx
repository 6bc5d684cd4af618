//! Ctrl+K, or Cmd+K: what leads anywhere without a pointer. Its script is loaded with the first use.

import { createSignal, type JSX, lazy, onCleanup, onMount, Show, Suspense } from "solid-js";

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
  onMount(() => document.addEventListener("keydown", pressed));
  onCleanup(() => document.removeEventListener("keydown", pressed));
  return (
    <Suspense>
      <Show when={isUsed()}>
        <Palette open={isOpen()} close={() => setOpen(false)} />
      </Show>
    </Suspense>
  );
}
