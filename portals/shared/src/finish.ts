//! Makes the bundle whole: what the server has to know of it, its pages for what went wrong, and the smaller forms of all files. In: the built folder. Out: the
//! folder as the server takes it. Where a second factor is asked for, the server is told what is for those alone who have shown it.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { normalizePath, type Plugin } from "vite";
import { squeeze } from "./bundle.ts";
import { guarded } from "./guard.ts";

/** Pages that the server answers with where there is no view: what was asked for is a file, or can't be taken. */
const ANSWERS = {
  "not-found": ["Nothing is here", "This address leads nowhere, or not any more."],
  refused: ["That could not be taken", "What was sent is not what this page takes. Please go back and try again."],
  busy: ["Please try again", "We can't take this right now. Please go back and try again in a moment."],
} as const;

/** `manifest`: what the server has to know of the bundle (`portal.json`). `back`: what leads to the first view. */
export function finish(manifest: Readonly<Record<string, boolean>>, back: string): Plugin {
  let folder = "";
  let own = "";
  let guards: { readonly guarded?: readonly string[] } = {};
  return {
    name: "rerp-finish",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
      own = `${normalizePath(join(config.root, "src"))}/`;
    },
    writeBundle(_, bundle) {
      guards = manifest.factor ? { guarded: guarded(bundle, own) } : {};
    },
    async closeBundle() {
      const index = await readFile(join(folder, "index.html"), "utf8");
      await mkdir(join(folder, "answers"), { recursive: true });
      for (const [name, [title, text]] of Object.entries(ANSWERS)) {
        await writeFile(join(folder, `answers/${name}.html`), answer(index, title, text, back));
      }
      await writeFile(join(folder, "portal.json"), JSON.stringify({ ...manifest, ...guards }));
      await squeeze(folder);
    },
  };
}

/** The first page with its styles and without its script. */
function answer(index: string, title: string, text: string, back: string): string {
  const body = `<main class="width alone"><h1>${title}</h1><p>${text}</p><p><a href="/">${back}</a></p></main>`;
  return index
    .replace(/<script[^>]*><\/script>\s*/g, "")
    .replace(/<link rel="modulepreload"[^>]*>\s*/g, "")
    .replace(/<title>.*<\/title>/, `<title>${title} – RERP</title>`)
    .replace(/<body>[\s\S]*<\/body>/, `<body>${body}</body>`);
}
