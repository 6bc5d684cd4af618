import { expect, it } from "vitest";
import { guarded, type Piece } from "../src/guard";

const OWN = "/portal/src/";
const chunk = (module: string | null, more: Partial<Piece> = {}): Piece => ({
  type: "chunk",
  facadeModuleId: module,
  ...more,
});
const styles = (...names: string[]) => ({ viteMetadata: { importedCss: new Set(names) } });

/** A page that loads signing in and views, as a bundler tells of it. */
const PIECES: Readonly<Record<string, Piece>> = {
  "assets/index.js": chunk("/portal/index.html", {
    isEntry: true,
    imports: ["assets/ui.js"],
    dynamicImports: ["assets/SignIn.js", "assets/Search.js", "assets/Palette.js", "assets/shared.js"],
    ...styles("assets/index.css"),
  }),
  "assets/ui.js": chunk(null),
  "assets/SignIn.js": chunk("/shared/src/SignIn.tsx", {
    imports: ["assets/index.js", "assets/form.js"],
    dynamicImports: ["assets/Factor.js"],
  }),
  "assets/form.js": chunk(null, styles("assets/form.css")),
  "assets/Factor.js": chunk("/shared/src/Factor.tsx", styles("assets/Factor.css")),
  "assets/Search.js": chunk("/portal/src/views/Search.tsx", {
    imports: ["assets/index.js", "assets/form.js", "assets/table.js"],
    dynamicImports: ["assets/chart.js"],
    ...styles("assets/Search.css", "assets/form.css"),
  }),
  "assets/table.js": chunk(null, styles("assets/table.css")),
  "assets/chart.js": chunk("/shared/src/chart.ts"),
  "assets/Palette.js": chunk("/portal/src/keyboard/Palette.tsx"),
  "assets/shared.js": chunk(null),
  ...Object.fromEntries(
    [
      "index.css",
      "form.css",
      "Factor.css",
      "Search.css",
      "table.css",
      "Search.js.map",
      "SignIn.js.map",
      "inter.woff2",
    ].map((name) => [`assets/${name}`, { type: "asset" } as const]),
  ),
  "index.html": { type: "asset" },
};

it("what signing in doesn't take is guarded, with its styles and maps", () => {
  expect(guarded(PIECES, OWN)).toEqual([
    "/assets/Palette.js",
    "/assets/Search.css",
    "/assets/Search.js",
    "/assets/Search.js.map",
    "/assets/chart.js",
    "/assets/shared.js",
    "/assets/table.css",
    "/assets/table.js",
  ]);
});

it("what the page begins with is open, whatever else loads it", () => {
  const early = { ...PIECES, "assets/ui.js": chunk(null, { imports: ["assets/table.js", "assets/gone.js"] }) };
  const now = guarded(early, OWN);
  expect(now).not.toContain("/assets/table.js");
  expect(now).not.toContain("/assets/table.css");
  expect(now).toContain("/assets/Search.js");
});
