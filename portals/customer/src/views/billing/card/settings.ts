//! Who takes cards here: the portal's program says it at run time, so that one build serves a demo and the real thing. In: `/settings.json`. Out: checked settings.

/** How long the answer may take, in milliseconds. */
const PATIENCE = 10_000;

export type Settings =
  | { readonly kind: "stripe"; readonly publishableKey: string }
  | { readonly kind: "stand-in"; readonly at: string };

/** Null: nobody takes cards here. Throws where it can't be found out. */
export async function loadSettings(): Promise<Settings | null> {
  const answer = await fetch("/settings.json", { signal: AbortSignal.timeout(PATIENCE), cache: "no-cache" });
  if (!answer.ok) {
    throw new Error("the portal doesn't say who takes cards");
  }
  const { stripe } = (await answer.json()) as { stripe?: Record<string, unknown> | null };
  const key = stripe?.publishable_key;
  if (stripe?.kind === "stripe" && typeof key === "string" && key.startsWith("pk_")) {
    return { kind: "stripe", publishableKey: key };
  }
  const at = stripe?.at;
  // On the portal's own host and nowhere else.
  if (stripe?.kind === "stand-in" && typeof at === "string" && /^\/[\w/-]+$/.test(at) && !at.startsWith("//")) {
    return { kind: "stand-in", at };
  }
  return null;
}
