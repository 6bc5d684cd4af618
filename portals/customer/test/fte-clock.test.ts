import { createRoot } from "solid-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClock, moment } from "../src/views/tests/clock";
import { announcement, type Countdown, createCountdown, remaining } from "../src/views/tests/countdown";

describe("the server's clock", () => {
  /** The server is so far ahead of the steady clock; its `Date` is cut to the second. */
  const AHEAD = 1_700_000_000_400;
  const date = (at: number) => Math.floor((at + AHEAD) / 1_000) * 1_000;

  it("isn't known before an answer", () => {
    expect(createClock(() => 5).latest()).toBeUndefined();
  });

  it("is never too late, and at most a second and the way too early", () => {
    let now = 0;
    const clock = createClock(() => now);
    clock.saw({ sent: 1_000, received: 1_300, date: date(1_150) });
    for (now of [1_300, 60_000, 3_600_000]) {
      const latest = clock.latest() ?? 0;
      expect(latest).toBeGreaterThanOrEqual(now + AHEAD);
      expect(latest - now - AHEAD).toBeLessThanOrEqual(1_300);
    }
  });

  it("is known better with each answer, and slow ones spoil nothing", () => {
    const clock = createClock(() => 0);
    let doubt = Number.POSITIVE_INFINITY;
    for (const at of [100, 1_250, 2_390, 3_580, 4_730, 5_990]) {
      clock.saw({ sent: at - 20, received: at + 20, date: date(at) });
      expect(clock.doubt()).toBeLessThanOrEqual(doubt);
      doubt = clock.doubt();
    }
    expect(doubt).toBeLessThan(300);
    clock.saw({ sent: 7_000, received: 15_000, date: date(8_000) });
    expect(clock.doubt()).toBeLessThanOrEqual(doubt);
    expect((clock.latest() ?? 0) - AHEAD).toBeGreaterThanOrEqual(0);
  });

  it("forgets what it knew when the machine has slept", () => {
    const clock = createClock(() => 10_000);
    clock.saw({ sent: 0, received: 10, date: date(5) });
    // An hour passed, and the steady clock stood still.
    clock.saw({ sent: 9_000, received: 9_010, date: date(9_005) + 3_600_000 });
    expect((clock.latest() ?? 0) - 10_000 - AHEAD).toBeGreaterThan(3_598_000);
  });

  it("learns from moments in the past that it is later, and nothing from old ones", () => {
    const clock = createClock(() => 0);
    clock.saw({ sent: 0, received: 40, date: date(20), past: 20 + AHEAD });
    const doubt = clock.doubt();
    expect(doubt).toBeLessThan(1_040);
    clock.saw({ sent: 100, received: 140, past: AHEAD - 60_000 });
    expect(clock.doubt()).toBe(doubt);
    expect((clock.latest() ?? 0) - AHEAD).toBeGreaterThanOrEqual(0);
  });

  it("reads moments", () => {
    expect(moment("Sun, 29 Nov 2026 10:00:00 GMT")).toBe(Date.UTC(2026, 10, 29, 10));
    expect(moment("2026-11-29T10:00:00.5Z")).toBe(Date.UTC(2026, 10, 29, 10) + 500);
    expect([moment("soon"), moment(null), moment("")]).toEqual([undefined, undefined, undefined]);
  });
});

describe("the countdown", () => {
  let end: () => void;
  let over: ReturnType<typeof vi.fn<() => void>>;
  let woke: ReturnType<typeof vi.fn<() => void>>;

  beforeEach(() => vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date", "performance"] }));
  afterEach(() => {
    end();
    vi.useRealTimers();
  });

  function count(left: number): Countdown {
    const clock = createClock();
    const server = 1_800_000_000_000;
    clock.saw({ sent: performance.now(), received: performance.now(), date: server });
    const latest = clock.latest() ?? 0;
    over = vi.fn<() => void>();
    woke = vi.fn<() => void>();
    return createRoot((dispose) => {
      end = dispose;
      return createCountdown({ clock, end: () => latest + left, over, woke });
    });
  }

  it("goes by the server's time, whatever this machine says the time is", () => {
    const countdown = count(90_000);
    expect(countdown.left()).toBe(90_000);
    vi.advanceTimersByTime(30_000);
    expect(countdown.left()).toBe(60_000);
    vi.setSystemTime(Date.now() + 86_400_000);
    vi.advanceTimersByTime(1_000);
    expect(countdown.left()).toBe(59_000);
    expect(woke).toHaveBeenCalledTimes(1);
  });

  it("says ten, five and one minute, each once", () => {
    const countdown = count(11 * 60_000);
    expect(countdown.said()).toBe("");
    const said = new Set<string>();
    for (let at = 0; at < 11 * 60; at += 1) {
      vi.advanceTimersByTime(1_000);
      said.add(countdown.said());
    }
    expect([...said]).toEqual(["", "10 minutes are left.", "5 minutes are left.", "One minute is left."]);
  });

  it("says at once how little is left for whoever comes back", () => {
    expect(count(4 * 60_000).said()).toBe("4 minutes are left.");
    end();
    expect(announcement(11 * 60_000, 30_000)).toBe("Less than a minute is left.");
    expect(announcement(11 * 60_000, 0)).toBeUndefined();
    expect(announcement(9 * 60_000, 8 * 60_000)).toBeUndefined();
  });

  it("is over once", () => {
    count(2_000);
    vi.advanceTimersByTime(1_500);
    expect(over).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(over).toHaveBeenCalledTimes(1);
  });

  it("ends with its owner", () => {
    count(2_000);
    end();
    vi.advanceTimersByTime(10_000);
    expect(over).not.toHaveBeenCalled();
  });

  it("shows hours, minutes and seconds, and never too much", () => {
    expect([3_909_999, 309_999, 9_999, 999, -5].map(remaining)).toEqual(["1:05:09", "5:09", "0:09", "0:00", "0:00"]);
    end = () => {};
  });
});
