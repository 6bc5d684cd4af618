import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

export default defineConfig({
  // Pages are prerendered and their living parts taken over: both are compiled for that.
  plugins: [solid({ ssr: true })],
  build: {
    target: "es2022",
    manifest: true,
    // Nothing inline: pages forbid `data:` too.
    assetsInlineLimit: 0,
    // Every browser that knows modules of this target knows how to load them ahead.
    modulePreload: { polyfill: false },
    rollupOptions: { input: "src/client.ts" },
  },
  // One file that needs nothing beside it.
  ssr: { noExternal: true },
});
