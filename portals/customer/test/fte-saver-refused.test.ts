import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSaver, type Saver } from "../src/views/tests/player/saver";
import { shown, unsaved } from "../src/views/tests/player/saving";
import type { Given } from "../src/views/tests/types";
import { choice, Service } from "./fte-service";

let service: Service;
let saver: Saver;
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const has = (id: string) => service.answers.get(id)?.saved;

beforeEach(() => {
  vi.useFakeTimers();
  service = new Service(["a", "b", "c"]);
  saver = createSaver(service.known(), service.ways);
});
afterEach(() => {
  saver.close();
  vi.useRealTimers();
});

describe("an answer that is refused", () => {
  const other = (id: string, answer: Given) => {
    const present = service.answers.get(id);
    service.answers.set(id, { revision: (present?.revision ?? 0) + 1, saved: answer });
  };

  it("because of another window isn't kept: what the server has is shown, and it is told", async () => {
    other("a", choice("theirs"));
    saver.edit("a", choice("mine"));
    await pass(60);
    expect(unsaved(saver.state())).toEqual(["a"]);
    await pass(200);
    expect(service.reads).toBe(1);
    expect(shown(saver.state(), "a")).toEqual(choice("theirs"));
    expect(has("a")).toEqual(choice("theirs"));
    expect(unsaved(saver.state())).toEqual([]);
    expect(saver.state().refused).toEqual([{ id: "a", answer: choice("mine"), why: "changed" }]);
    saver.edit("a", choice("mine"));
    expect(saver.state().refused).toEqual([]);
    await pass(100);
    expect(service.answers.get("a")).toEqual({ revision: 2, saved: choice("mine") });
  });

  it("takes what waits for the same question along, and leaves the others", async () => {
    other("a", choice("theirs"));
    saver.edit("a", choice("1"));
    saver.edit("a", choice("2"));
    saver.edit("b", choice("3"));
    await pass(500);
    expect(shown(saver.state(), "a")).toEqual(choice("theirs"));
    expect(saver.state().refused).toEqual([{ id: "a", answer: choice("2"), why: "changed" }]);
    expect(has("b")).toEqual(choice("3"));
  });

  it("is no matter where the other window said the same", async () => {
    other("a", choice("x"));
    other("a", choice("1"));
    saver.edit("a", choice("1"));
    await pass(300);
    expect(saver.state().refused).toEqual([]);
    expect(unsaved(saver.state())).toEqual([]);
  });

  it("and whose question was read meanwhile falls too, if another window was there", async () => {
    service.fates = ["lost"];
    saver.edit("b", choice("1"));
    saver.edit("a", choice("mine"));
    await pass(60);
    other("a", choice("theirs"));
    saver.adopt(service.known(), true);
    expect(shown(saver.state(), "a")).toEqual(choice("theirs"));
    expect(saver.state().refused).toEqual([{ id: "a", answer: choice("mine"), why: "changed" }]);
    expect(saver.state().phase).toBe("waiting");
    await pass(2_000);
    expect(has("b")).toEqual(choice("1"));
    expect(service.sent.some(({ id }) => id === "a")).toBe(false);
  });

  it("because it doesn't fit is told as that", async () => {
    service.answers.delete("a");
    saver.edit("a", choice("1"));
    await pass(300);
    expect(saver.state().refused).toEqual([{ id: "a", answer: choice("1"), why: "wrong" }]);
    expect(shown(saver.state(), "a")).toBeUndefined();
  });

  it("because the session has ended ends everything", async () => {
    saver.edit("a", choice("1"));
    await pass(100);
    service.runs = false;
    saver.edit("a", choice("2"));
    saver.edit("b", choice("3"));
    await pass(300);
    expect(saver.state().phase).toBe("ended");
    expect(shown(saver.state(), "a")).toEqual(choice("1"));
    expect(shown(saver.state(), "b")).toBeUndefined();
    expect(saver.state().refused.map(({ id, why }) => [id, why])).toEqual([
      ["a", "ended"],
      ["b", "ended"],
    ]);
    expect(unsaved(saver.state())).toEqual([]);
    saver.edit("c", choice("4"));
    await pass(300);
    expect(service.sent).toHaveLength(2);
  });

  it("is found there though its answer was lost, when the session ends", async () => {
    service.fates = ["lost after"];
    saver.edit("a", choice("1"));
    await pass(60);
    saver.adopt(service.known(), false);
    expect(saver.state().phase).toBe("ended");
    expect(shown(saver.state(), "a")).toEqual(choice("1"));
    expect(saver.state().refused).toEqual([]);
  });

  it("stays unsaved until the server could be read", async () => {
    other("a", choice("theirs"));
    service.fates = ["fine", "lost", "lost", "fine"];
    saver.edit("a", choice("mine"));
    await pass(1_000);
    expect(unsaved(saver.state())).toEqual(["a"]);
    await pass(10_000);
    expect(service.reads).toBe(3);
    expect(shown(saver.state(), "a")).toEqual(choice("theirs"));
  });
});

describe("what is read", () => {
  it("and is older than what is known says nothing", async () => {
    const old = service.known();
    saver.edit("a", choice("1"));
    await pass(100);
    saver.adopt(old, true);
    expect(shown(saver.state(), "a")).toEqual(choice("1"));
    saver.edit("a", choice("2"));
    await pass(100);
    expect(service.answers.get("a")).toEqual({ revision: 2, saved: choice("2") });
  });

  it("leaves alone what is under way", async () => {
    saver.edit("a", choice("1"));
    saver.adopt({ ...service.known(), a: { revision: 1, saved: choice("1") } }, true);
    expect(unsaved(saver.state())).toEqual(["a"]);
    await pass(100);
    expect(unsaved(saver.state())).toEqual([]);
    expect(saver.state().refused).toEqual([]);
  });

  it("takes over what another device has saved", () => {
    saver.adopt({ ...service.known(), b: { revision: 4, saved: choice("7") } }, true);
    expect(shown(saver.state(), "b")).toEqual(choice("7"));
  });
});
