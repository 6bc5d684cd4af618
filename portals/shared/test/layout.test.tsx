import { A, MemoryRouter, Route } from "@solidjs/router";
import { createSignal, type JSX } from "solid-js";
import { render } from "solid-js/web";
import { afterEach, expect, it, vi } from "vitest";
import { Boundary } from "../src/app/layout/Boundary";
import { Page } from "../src/app/layout/Page";
import { eventually } from "./eventually";

let end: () => void = () => {};
function show(view: () => JSX.Element): void {
  const place = document.createElement("div");
  document.body.append(place);
  end = render(view, place);
}
const heading = () => document.querySelector("h1");

afterEach(() => {
  end();
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

it("a broken view doesn't take the others with it", async () => {
  vi.stubGlobal("scrollTo", () => {});
  const Broken = () => {
    throw new Error("broken");
  };
  show(() => (
    <MemoryRouter
      root={(props) => (
        <>
          <A href="/other">Other</A>
          <Boundary>{props.children}</Boundary>
        </>
      )}
    >
      <Route path="/" component={Broken} />
      <Route path="/other" component={() => <Page title="Other view">There</Page>} />
    </MemoryRouter>
  ));
  await eventually(() => expect(heading()?.textContent).toBe("Something went wrong"));
  document.querySelector("a")?.click();
  await eventually(() => expect(heading()?.textContent).toBe("Other view"));
});

it("each step has its title, which gets the focus", async () => {
  const [title, setTitle] = createSignal("First step");
  show(() => <Page title={title()}>There</Page>);
  expect(document.title).toBe("First step – RERP");
  setTitle("Second step");
  expect(document.title).toBe("Second step – RERP");
  expect(document.activeElement).toBe(heading());
  expect(heading()?.textContent).toBe("Second step");
});
