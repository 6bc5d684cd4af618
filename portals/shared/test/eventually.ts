import { vi } from "vitest";

/** Waits until a check holds. The bound is for machines that do something else as well. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 30_000, interval: 10 });
}
