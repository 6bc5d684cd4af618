//! A page as a file. In: a page's title and body, and the names that the build gave to scripts, styles and fonts. Out: HTML, in which nothing is inline that a
//! browser would run or style by.

import { HEAD } from "@rerp/shared/head";
import type { Page } from "../pages/page";
import { SITE } from "../site";

/** Files of the build, by their public paths. */
export interface Assets {
  readonly script: string;
  readonly styles: readonly string[];
  readonly fonts: readonly string[];
  /** What the script will want next. */
  readonly modules: readonly string[];
}

export function html(page: Page, body: string, assets: Assets): string {
  const title = quoted(page.file === "index.html" ? `${SITE.name} – ${SITE.claim}` : `${page.title} – ${SITE.name}`);
  const description = quoted(page.description);
  const head = [
    ...HEAD,
    `<title>${title}</title>`,
    `<meta name="description" content="${description}">`,
    `<meta property="og:type" content="website">`,
    `<meta property="og:site_name" content="${quoted(SITE.name)}">`,
    `<meta property="og:title" content="${title}">`,
    `<meta property="og:description" content="${description}">`,
    ...(page.found ? [] : [`<meta name="robots" content="noindex">`]),
    ...assets.fonts.map((font) => `<link rel="preload" href="${font}" as="font" type="font/woff2" crossorigin>`),
    ...assets.styles.map((style) => `<link rel="stylesheet" href="${style}">`),
    ...assets.modules.map((module) => `<link rel="modulepreload" href="${module}">`),
    `<script type="module" src="${assets.script}"></script>`,
  ];
  return `<!doctype html>\n<html lang="en">\n<head>\n${head.join("\n")}\n</head>\n<body>\n${body}\n</body>\n</html>\n`;
}

function quoted(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
