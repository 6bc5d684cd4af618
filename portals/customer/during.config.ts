// People at their browsers while something happens to the platform, all at the same time. They leave when they are told to (xtask/src/portals/during.rs).
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    setupFiles: ["../website/test/browser/telling.ts"],
    include: ["test/during/*.test.ts"],
    testTimeout: 15 * 60_000,
    hookTimeout: 60_000,
  },
});
