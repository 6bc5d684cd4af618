import { afterEach, expect, it, vi } from "vitest";
import { createSession } from "../src/app/session";
import { watchScripts } from "../src/app/session/scripts";
import { eventually } from "./eventually";
import { granted, play, problem } from "./played";

let end: () => void = () => {};
afterEach(() => {
  end();
  vi.unstubAllGlobals();
});

/** A session of whom the program answers so; then a script doesn't come. */
async function lose(...answers: Response[]) {
  const asked = play({ "POST /session/refresh": answers });
  const reload = vi.fn();
  vi.stubGlobal("location", { origin: location.origin, reload });
  const session = createSession();
  const deaf = watchScripts(session);
  end = () => {
    deaf();
    session.close();
  };
  await session.start();
  window.dispatchEvent(new Event("vite:preloadError"));
  await eventually(() => expect(asked).toHaveLength(2));
  return { session, reload, asked };
}

it("begins anew, with signing in, when the session has ended meanwhile", async () => {
  const { session, reload } = await lose(granted(), problem(401, "not-signed-in"));
  await eventually(() => expect(reload).toHaveBeenCalledOnce());
  expect(session.who().state).toBe("out");
});

it("stays where somebody is signed in: the script is gone for another reason, which the view says", async () => {
  const { session, reload } = await lose(granted());
  await eventually(() => expect(session.who().state).toBe("in"));
  expect(reload).not.toHaveBeenCalled();
});

it("doesn't begin again and again where nobody was signed in", async () => {
  const { session, reload, asked } = await lose(new Response(null, { status: 204 }));
  expect(session.who().state).toBe("out");
  window.dispatchEvent(new Event("vite:preloadError"));
  await eventually(() => expect(asked).toHaveLength(3));
  expect(reload).not.toHaveBeenCalled();
  end();
  window.dispatchEvent(new Event("vite:preloadError"));
  expect(asked).toHaveLength(3);
});
