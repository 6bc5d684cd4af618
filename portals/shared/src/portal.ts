//! How the bundle of a portal for people who sign in is built. In: the portal's `index.html`, which says what is its own, and what the server has to know. Out: Vite's
//! settings.

import type { Plugin, UserConfig } from "vite";
import solid from "vite-plugin-solid";
import { finish } from "./finish.ts";
import { HEAD } from "./head.ts";

const OWN_HEAD = [...HEAD, `<title>RERP</title>`, `<meta name="robots" content="noindex">`];
const BODY = `<body>
    <div id="app"></div>
    <noscript>
      <main class="width alone">
        <h1>This needs JavaScript</h1>
        <p>This is a program that runs in your browser. Please allow JavaScript for this site, and load the page again.</p>
      </main>
    </noscript>
  </body>`;

/** See `finish`. */
export function portal(manifest: Readonly<Record<string, boolean>>, back: string): UserConfig {
  return {
    plugins: [solid(), whole(), finish(manifest, back)],
    build: {
      target: "es2022",
      // Nothing inline: pages forbid `data:` too.
      assetsInlineLimit: 0,
      // Every browser that knows modules of this target knows how to load them ahead.
      modulePreload: { polyfill: false },
    },
  };
}

/** Gives the one page what those of all portals have. */
function whole(): Plugin {
  const handler = (html: string) =>
    html.replace("<head>", ["<head>", ...OWN_HEAD].join("\n    ")).replace("<body></body>", BODY);
  return { name: "rerp-whole", transformIndexHtml: { order: "pre", handler } };
}
