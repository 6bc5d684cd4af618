import solid from "vite-plugin-solid";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [solid()],
  test: {
    environment: "jsdom",
    include: ["{shared,customer,platform,website}/test/**/*.test.{ts,tsx}"],
    exclude: ["*/test/judge/**", "*/test/browser/**", "*/test/platform/**", "*/test/during/**"],
    restoreMocks: true,
    // Solid's own libraries come as sources, which Node can't read.
    server: { deps: { inline: [/@solidjs\/router/, /@tanstack\/solid-query/] } },
    // For machines that do something else as well; nothing here waits that long by itself.
    testTimeout: 60_000,
  },
});
