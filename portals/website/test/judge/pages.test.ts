//! Every page as browsers get it: it can be run under the server's policy, leads to what is there, works without scripts, and axe finds nothing.

import axe from "axe-core";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { address, files, pages, read } from "./bundle";

const there = new Set(
  files()
    .filter((file) => !file.startsWith("answers/"))
    .map(address),
);
const forms: Record<string, { fields: string[]; trap: string; thanks: string }> = JSON.parse(
  read("portal.json").toString(),
).forms;

describe.each(pages())("$file", ({ html }) => {
  const dom = new JSDOM(html, { runScripts: "outside-only", url: "https://www.example/" });
  const { document } = dom.window;
  const all = (selector: string) => Array.from(document.querySelectorAll(selector));

  it("has nothing inline that the policy forbids", () => {
    expect(all("script:not([src]), style, [style], base, iframe, object, embed")).toEqual([]);
    const inline = all("*").flatMap((element) => element.getAttributeNames().filter((name) => name.startsWith("on")));
    expect(inline).toEqual([]);
    expect(html).not.toMatch(/(?:href|src|action)="(?:https?:|\/\/|data:|javascript:)/);
  });

  it("says what it is, once", () => {
    expect(document.documentElement.lang).toBe("en");
    expect(document.title.length).toBeGreaterThan(5);
    expect(document.querySelector('meta[name="description"]')?.getAttribute("content")).toBeTruthy();
    expect(all("h1")).toHaveLength(1);
    expect(all("main")).toHaveLength(1);
    expect(html).not.toContain("[[island");
  });

  it("leads to what is there", () => {
    const links = all("[href], [src]").map(
      (element) => element.getAttribute("href") ?? element.getAttribute("src") ?? "",
    );
    for (const link of links.filter((link) => !link.startsWith("mailto:") && !link.startsWith("#"))) {
      const [path = "", part] = link.split("#");
      expect(there, link).toContain(path);
      if (part) {
        const target = pages().find((page) => address(page.file) === path);
        expect(target?.html, link).toContain(`id="${part}"`);
      }
    }
    for (const link of links.filter((link) => link.startsWith("#"))) {
      expect(document.getElementById(link.slice(1)), link).not.toBeNull();
    }
  });

  it("has forms that the server takes without any script", () => {
    for (const form of all("form")) {
      const name = form.getAttribute("action")?.match(/^\/forms\/([a-z]+)$/)?.[1] ?? "";
      const known = forms[name];
      expect(form.getAttribute("method")).toBe("post");
      expect(known, name).toBeDefined();
      expect(form.hasAttribute("novalidate"), "the browser checks before any script does").toBe(false);
      const sent = Array.from(form.querySelectorAll("[name]"), (field) => field.getAttribute("name"));
      expect(sent).toContain(known?.trap);
      expect([...(known?.fields ?? []), known?.trap]).toEqual(expect.arrayContaining(sent));
      for (const field of form.querySelectorAll("input, textarea")) {
        expect(document.querySelector(`label[for="${field.id}"]`), field.id).not.toBeNull();
      }
    }
  });

  it("is found fit by axe", async () => {
    dom.window.eval(axe.source);
    const run = (dom.window as unknown as { axe: typeof axe }).axe.run;
    // Without a layout there are no colours to compare; a browser's run does that.
    const found = await run(document, { rules: { "color-contrast": { enabled: false } } });
    expect(found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
  });
});

describe("the form's way on", () => {
  it("is the same page whatever was known", () => {
    expect(new Set(Object.values(forms).map((form) => form.thanks))).toEqual(new Set(["/thanks"]));
    expect(there).toContain("/thanks");
  });
});
