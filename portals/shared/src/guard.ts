//! Which files of a bundle are for whoever is signed in. In: the chunks of a build. Out: the addresses of those that signing in doesn't take. Pure.
//!
//! Open is what the page begins with, and what is loaded later of what all portals share: signing in. What a portal loads later of its own is guarded, with all that
//! nothing else loads.

/** What is known of a script, as bundlers say it; of other files there is less. */
export interface Piece {
  readonly type: "chunk" | "asset";
  readonly isEntry?: boolean;
  /** The module that it was made for. */
  readonly facadeModuleId?: string | null;
  /** Files that come with it, and those that may come later. */
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
  /** Its styles. */
  readonly viteMetadata?: { readonly importedCss: ReadonlySet<string> };
}

const GUARDED = /\.(js|css)(\.map)?$/;

/** `own`: the folder of the portal's own modules, with a slash at its end. */
export function guarded(pieces: Readonly<Record<string, Piece>>, own: string): readonly string[] {
  const open = opened(pieces, own);
  const files = Object.keys(pieces).filter((file) => GUARDED.test(file) && !open.has(file.replace(/\.map$/, "")));
  return files.map((file) => `/${file}`).sort();
}

/** Scripts that signing in takes, and their styles. */
function opened(pieces: Readonly<Record<string, Piece>>, own: string): ReadonlySet<string> {
  const open = new Set<string>();
  const left = Object.keys(pieces).filter((file) => pieces[file]?.isEntry);
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    const piece = pieces[file];
    if (!piece || open.has(file)) {
      continue;
    }
    open.add(file);
    for (const style of piece.viteMetadata?.importedCss ?? []) {
      open.add(style);
    }
    left.push(...(piece.imports ?? []));
    left.push(...(piece.dynamicImports ?? []).filter((later) => !isOwn(pieces[later], own)));
  }
  return open;
}

/** What nobody can say it of counts as the portal's own. */
function isOwn(piece: Piece | undefined, own: string): boolean {
  return piece?.facadeModuleId?.startsWith(own) ?? true;
}
