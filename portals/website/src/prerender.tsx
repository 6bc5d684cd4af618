//! Makes the bundle whole, after the build of scripts and styles: pages as files, what the server has to know of the forms, and the smaller forms of all that.
//! In: `dist` with the build's list of files. Out: `dist` as the server takes it. It runs on the machine that builds, never on a server.

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { squeeze } from "@rerp/shared/bundle";
import { NoHydration, renderToString } from "solid-js/web";
import { manifest } from "./forms";
import { ISLANDS, type IslandName } from "./islands";
import { type Assets, html } from "./layout/document";
import { Frame } from "./layout/Frame";
import { mark } from "./layout/Island";
import { PAGES } from "./pages";
import type { Page } from "./pages/page";

const DIST = new URL("../dist/", import.meta.url).pathname;
const ENTRY = "src/client.ts";

interface Chunk {
  readonly file: string;
  readonly css?: readonly string[];
  readonly assets?: readonly string[];
  readonly imports?: readonly string[];
}

async function assets(): Promise<Assets> {
  const chunks: Record<string, Chunk> = JSON.parse(await readFile(join(DIST, ".vite/manifest.json"), "utf8"));
  const entry = chunks[ENTRY];
  if (!entry) {
    throw new Error(`the build has no ${ENTRY}`);
  }
  const at = (file: string) => `/${file}`;
  return {
    script: at(entry.file),
    styles: (entry.css ?? []).map(at),
    fonts: (entry.assets ?? []).filter((file) => file.endsWith(".woff2")).map(at),
    modules: (entry.imports ?? []).flatMap((name) => chunks[name]?.file ?? []).map(at),
  };
}

/** A page's body. Only its living parts have marks for browsers to take them over. */
function body(page: Page): string {
  const still = renderToString(() => (
    <NoHydration>
      <Frame>{page.body()}</Frame>
    </NoHydration>
  ));
  const names = Object.keys(ISLANDS) as IslandName[];
  return names.reduce((text, name) => {
    return text.replace(mark(name), () => renderToString(ISLANDS[name], { renderId: name }));
  }, still);
}

async function write(file: string, text: string): Promise<void> {
  const path = join(DIST, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

const built = await assets();
for (const page of PAGES) {
  await write(page.file, html(page, body(page), built));
}
await write("portal.json", JSON.stringify(manifest()));
// The build's own list is for nobody else.
await rm(join(DIST, ".vite"), { recursive: true });
await squeeze(DIST);
