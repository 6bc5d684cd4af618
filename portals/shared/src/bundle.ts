//! The last step of a bundle, on the machine that builds: the smaller forms of its files. In: the built folder. Out: the same with `.br` and `.gz` beside what
//! gets smaller. The server keeps those that are.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** What is packed already, and what nobody gets. */
const LEFT = /\.(woff2|png|webp)$|^portal\.json$/;

/** Writes them for all files of a folder. */
export async function squeeze(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !LEFT.test(entry.name)) {
      await one(join(entry.parentPath, entry.name));
    }
  }
}

async function one(path: string): Promise<void> {
  const text = await readFile(path);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${path}.br`, brotliCompressSync(text, { params: quality }));
  await writeFile(`${path}.gz`, gzipSync(text, { level: constants.Z_BEST_COMPRESSION }));
}
