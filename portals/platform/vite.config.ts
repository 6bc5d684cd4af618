import { defineConfig } from "vite";
import solid from "vite-plugin-solid";
import { finish } from "../shared/src/finish.ts";

export default defineConfig({
  plugins: [solid(), finish({ app: true, sessions: true, factor: true, cluster: true }, "To the first page")],
  build: {
    target: "es2022",
    // Nothing inline: pages forbid `data:` too.
    assetsInlineLimit: 0,
    // Every browser that knows modules of this target knows how to load them ahead.
    modulePreload: { polyfill: false },
  },
});
