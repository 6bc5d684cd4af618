import solid from "vite-plugin-solid";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [solid()],
  test: {
    environment: "jsdom",
    include: ["shared/test/**/*.test.{ts,tsx}", "website/test/**/*.test.{ts,tsx}"],
    exclude: ["website/test/judge/**", "website/test/browser/**"],
    restoreMocks: true,
    // For machines that do something else as well; nothing here waits that long by itself.
    testTimeout: 60_000,
  },
});
