import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSaver, judged, type Saver } from "../src/views/tests/player/saver";
import { MOST, same, shown, unsaved } from "../src/views/tests/player/saving";
import { choice, type Fate, refusal, Service } from "./fte-service";

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

describe("an answer", () => {
  it("is saved, and stays shown", async () => {
    saver.edit("a", choice("1"));
    expect(unsaved(saver.state())).toEqual(["a"]);
    expect(shown(saver.state(), "a")).toEqual(choice("1"));
    await pass(60);
    expect(unsaved(saver.state())).toEqual([]);
    expect(has("a")).toEqual(choice("1"));
    expect(shown(saver.state(), "a")).toEqual(choice("1"));
  });

  it("that changes while one is under way goes as the newest, after it, with the next revision", async () => {
    saver.edit("a", choice("1"));
    for (const next of ["2", "3", "4"]) {
      saver.edit("a", choice(next));
    }
    await pass(200);
    expect(service.sent.map(({ answer, expected }) => [answer.choices?.[0], expected])).toEqual([
      ["1", 0],
      ["4", 1],
    ]);
    expect(service.most).toBe(1);
    expect(has("a")).toEqual(choice("4"));
  });

  it("that is changed back to what is under way isn't sent twice", async () => {
    saver.edit("a", choice("1"));
    saver.edit("a", choice("2"));
    saver.edit("a", choice("1"));
    await pass(500);
    expect(service.sent).toHaveLength(1);
  });

  it("of another question waits for its turn, the longest waiting first", async () => {
    saver.edit("a", choice("1"));
    saver.edit("c", choice("1"));
    saver.edit("b", choice("1"));
    saver.edit("c", choice("2"));
    await pass(500);
    expect(service.sent.map(({ id }) => id)).toEqual(["a", "c", "b"]);
    expect(service.most).toBe(1);
    expect(has("c")).toEqual(choice("2"));
  });

  it("of a question that isn't asked is none", async () => {
    saver.edit("z", choice("1"));
    await pass(100);
    expect(service.sent).toEqual([]);
  });

  it("is the same in another order of choices", async () => {
    saver.edit("a", { choices: ["1", "2"] });
    await pass(100);
    saver.edit("a", { choices: ["2", "1"] });
    await pass(100);
    expect(service.sent).toHaveLength(1);
    expect(same({ value: "1" }, { value: "1.0" })).toBe(false);
  });
});

describe("an answer that is lost", () => {
  it("on the way there is sent again", async () => {
    service.fates = ["lost"];
    saver.edit("a", choice("1"));
    await pass(60);
    expect(saver.state().phase).toBe("waiting");
    expect(unsaved(saver.state())).toEqual(["a"]);
    await pass(1_100);
    expect(has("a")).toEqual(choice("1"));
    expect(unsaved(saver.state())).toEqual([]);
    expect(saver.state().failures).toBe(0);
  });

  it("on the way back is sent again as it was, before what was chosen meanwhile", async () => {
    service.fates = ["lost after"];
    saver.edit("a", choice("1"));
    await pass(60);
    saver.edit("a", choice("2"));
    expect(saver.state().phase).toBe("waiting");
    await pass(5_000);
    expect(service.sent.map(({ answer, expected }) => [answer.choices?.[0], expected])).toEqual([
      ["1", 0],
      ["1", 0],
      ["2", 1],
    ]);
    expect(service.answers.get("a")).toEqual({ revision: 2, saved: choice("2") });
    expect(saver.state().refused).toEqual([]);
  });

  it("waits longer each time, and no longer than that", async () => {
    service.fates = Array<Fate>(20).fill("lost");
    service.delay = 0;
    saver.edit("a", choice("1"));
    await pass(200_000);
    expect(service.sent).toHaveLength(MOST);
    expect(saver.state().phase).toBe("stuck");
    expect(unsaved(saver.state())).toEqual(["a"]);
    const pauses = service.times.slice(1).map((time, index) => time - (service.times[index] ?? 0));
    for (const [at, pause] of pauses.entries()) {
      const most = Math.min(20_000, 1_000 * 2 ** at);
      expect(pause).toBeGreaterThanOrEqual(most / 2 - 10);
      expect(pause).toBeLessThanOrEqual(most + 10);
    }
  });

  it.each(["wake", "edit", "online"])("and given up goes on with %s", async (how) => {
    service.fates = Array<Fate>(MOST).fill("lost");
    saver.edit("a", choice("1"));
    await pass(200_000);
    expect(saver.state().phase).toBe("stuck");
    if (how === "wake") {
      saver.wake();
    } else if (how === "edit") {
      saver.edit("b", choice("9"));
    } else {
      window.dispatchEvent(new Event("online"));
    }
    await pass(500);
    expect(has("a")).toEqual(choice("1"));
    expect(unsaved(saver.state())).toEqual([]);
  });

  it("waits as long as the server says", async () => {
    service.fates = ["busy"];
    saver.edit("a", choice("1"));
    await pass(2_900);
    expect(service.sent).toHaveLength(1);
    await pass(300);
    expect(has("a")).toEqual(choice("1"));
  });

  it("goes on waiting when something else happens", async () => {
    service.fates = ["busy"];
    saver.edit("a", choice("1"));
    await pass(1_000);
    saver.edit("b", choice("2"));
    saver.told();
    await pass(1_900);
    expect(service.sent).toHaveLength(1);
    await pass(500);
    expect([has("a"), has("b")]).toEqual([choice("1"), choice("2")]);
  });
});

describe("two windows", () => {
  it("end with what one of them has, and each knows it", async () => {
    const second = createSaver(service.known(), service.ways);
    saver.edit("a", choice("1"));
    second.edit("a", choice("2"));
    await pass(1_000);
    expect(has("a")).toEqual(choice("1"));
    expect(shown(saver.state(), "a")).toEqual(choice("1"));
    expect(shown(second.state(), "a")).toEqual(choice("1"));
    expect(second.state().refused.map(({ id }) => id)).toEqual(["a"]);
    second.close();
  });

  it("never believe in an answer that isn't there, whatever is lost", async () => {
    let seed = 7;
    const chance = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    vi.spyOn(Math, "random").mockImplementation(chance);
    const fates: Fate[] = ["fine", "fine", "fine", "lost", "lost after", "busy"];
    for (let round = 0; round < 60; round += 1) {
      const shared = new Service(["a", "b", "c"]);
      const savers = [createSaver(shared.known(), shared.ways), createSaver(shared.known(), shared.ways)];
      for (let at = 0; at < 40; at += 1) {
        shared.fates.push(fates[Math.floor(chance() * fates.length)] ?? "fine");
        savers[Math.floor(chance() * 2)]?.edit("abc"[Math.floor(chance() * 3)] ?? "a", choice(String(at)));
        shared.delay = Math.floor(chance() * 200);
        await pass(Math.floor(chance() * 1_500));
      }
      // One that was lost too often in a row waits for somebody.
      for (let again = 0; again < 6; again += 1) {
        await pass(200_000);
        for (const each of savers) {
          each.wake();
        }
      }
      await pass(200_000);
      for (const each of savers) {
        expect(unsaved(each.state()), `round ${round}`).toEqual([]);
        // What the other window has saved last, this one hears of when it reads the next time.
        each.adopt(shared.known(), true);
        for (const id of ["a", "b", "c"]) {
          expect(shown(each.state(), id), `round ${round}, ${id}`).toEqual(shared.answers.get(id)?.saved);
        }
        each.close();
      }
      expect(shared.most).toBeLessThanOrEqual(2);
    }
  });
});

describe("flushing", () => {
  it("waits for what is unsaved, and wakes it", async () => {
    service.fates = ["lost"];
    saver.edit("a", choice("1"));
    await pass(60);
    const flushed = saver.flush(10_000);
    await pass(100);
    expect(await flushed).toBe(true);
    expect(has("a")).toEqual(choice("1"));
    expect(await saver.flush(1)).toBe(true);
  });

  it("says that something is missing", async () => {
    service.fates = ["never"];
    saver.edit("a", choice("1"));
    const flushed = saver.flush(3_000);
    await pass(3_100);
    expect(await flushed).toBe(false);
  });
});

it("judges failures", () => {
  for (const [status, kind, means] of [
    [0, "network", "lost"],
    [503, "database-unavailable", "lost"],
    [504, "deadline-exceeded", "lost"],
    [429, "too-many-requests", "lost"],
    [409, "sequence-gap", "changed"],
    [409, "ended", "ended"],
    [422, "invalid-value", "wrong"],
    [404, "not-found", "gone"],
    [401, "not-signed-in", "gone"],
  ] as const) {
    const event = judged(refusal(status, kind));
    expect(event.type === "refused" ? event.why : event.type, kind).toBe(means);
  }
  expect(judged(new Error("strange"))).toEqual({ type: "refused", why: "gone" });
});
