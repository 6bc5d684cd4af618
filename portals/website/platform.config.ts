// People at their browsers, on the running platform. One after the other: they share two processors with it.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    setupFiles: ["./test/browser/telling.ts"],
    include: ["test/platform/*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
