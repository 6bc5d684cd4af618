import { describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { problem } from "../../shared/test/played";
import { pace } from "../src/views/cluster/watch";
import { bytes, moves, phaseWords, span, state } from "../src/views/cluster/words";
import { controls, fit, heading, of, press, says, show, text } from "./shown";

const AT = "2026-01-01T00:00:00Z";
const LISTS = ["migrations", "services", "databases"].map((each) => `GET /cluster/${each}`);
const TURN = "POST /cluster/migrations/identity/rollback";

const stored = (name: string, status: object, spec: object = {}) => ({
  metadata: { name, generation: 3, creationTimestamp: AT },
  spec,
  status,
});
const told =
  (...items: object[]) =>
  () =>
    Response.json({ items, more: false });
const condition = (type: string, status: string, message = "") => ({ type, status, reason: "R", message });
const observed = (more: object = {}) =>
  stored("identity", {
    phase: "Observe",
    epoch: 1,
    conditions: [condition("Ready", "True"), condition("CutOver", "True", "The target owns the data.")],
    copy: { bytes: 2_000_000, totalBytes: 4_000_000, etaSeconds: 90 },
    verification: { rows: 12_345, chunks: 3, mismatches: 0, coverage: 0.9999 },
    cutover: { writePauseMs: 41.6, at: AT },
    rollback: { possible: true, replication: { lagBytes: 1_500 } },
    ...more,
  });
const rights = (patch: boolean) => () => Response.json({ role: "owner", migrations: { list: true, patch } });

describe("the platform at a glance", () => {
  it("shows what there is, how it is and why", async () => {
    const service = stored("identity", {
      replicas: 2,
      availableReplicas: 1,
      certificate: { notAfter: AT },
      conditions: [condition("Ready", "False", "One pod has no image."), condition("Stalled", "True")],
    });
    show("/platform", {
      "GET /cluster/migrations": [told(observed())],
      "GET /cluster/services": [told(service)],
      "GET /cluster/databases": [told()],
    });
    await heading("Platform");
    for (const words of ["The new database has the data", "1 of 2", "One pod has no image.", "Needs somebody"]) {
      await says(words);
    }
    await says("There is none.");
    await fit();
  });

  it("leaves a row where it is while what it says changes", async () => {
    show("/platform", {
      "GET /cluster/migrations": [told(observed({ phase: "Copy" })), told(observed())],
      "GET /cluster/services": [told()],
      "GET /cluster/databases": [told()],
    });
    await says("Rows are copied");
    const link = document.querySelector<HTMLElement>('a[href="/platform/migrations/identity"]');
    link?.focus();
    await says("The new database has the data");
    expect(document.activeElement).toBe(link);
  });

  it("says of each list by itself that it can't be had", async () => {
    const away = () => problem(503, "dependency-unavailable");
    const no = () => problem(403, "not-permitted");
    show("/platform", { [LISTS[0] ?? ""]: [away], [LISTS[1] ?? ""]: [told()], [LISTS[2] ?? ""]: [no] });
    await eventually(() => expect(controls("Try again").length).toBe(2));
    await says("There is none.");
  });
});

describe("a split", () => {
  const open = (patch: boolean, turn: Response[] = [], migrations = [told(observed())]) =>
    show("/platform/migrations/identity", {
      "GET /cluster/migrations": migrations,
      "GET /cluster/rights": [rights(patch)],
      [TURN]: turn,
    });

  it("shows phases, figures and conditions", async () => {
    open(false);
    await heading("Split of identity");
    for (const words of ["42 ms", "2 MB of 4 MB", "1.5 kB", "12,345", "About 99.9% of them; none differs"]) {
      await says(words);
    }
    await says("Your role may look at it");
    expect(controls("Take it back")).toEqual([]);
    await fit();
  });

  it("tells which phases are done, which one is under way and which are to come", async () => {
    open(false);
    await says("Now The new database has the data");
    const steps = Array.from(document.querySelectorAll("ol.steps > li"));
    const marks = steps.map((each) => /^(Done: |Now |Not yet: )/.exec(each.textContent ?? "")?.[1]);
    expect(marks).toEqual([...Array(8).fill("Done: "), "Now ", "Not yet: ", "Not yet: "]);
    expect(steps.map((each) => each.getAttribute("aria-current")).indexOf("step")).toBe(8);
    expect(document.querySelectorAll('[aria-current="step"]').length).toBe(1);
  });

  it("that is through has nothing to come", async () => {
    open(false, [], [told(observed({ phase: "Completed" }))]);
    await says("Done: The split is done");
    expect(text()).not.toMatch(/Now |Not yet: /);
    expect(document.querySelector('[aria-current="step"]')?.textContent).toContain("The split is done");
    await fit();
  });

  it("aside of the way says where it is, in words", async () => {
    open(false, [], [told(observed({ phase: "RolledBack" }))]);
    await says("The old database has the data again");
    expect(document.querySelectorAll("ol.steps, [aria-current='step']").length).toBe(0);
  });

  it("says that rows differ", async () => {
    open(false, [], [told(observed({ verification: { rows: 7, chunks: 1, mismatches: 2, coverage: 1 } }))]);
    await says("All of them; different: 2");
  });

  it("goes back for exactly what was seen, after a question", async () => {
    const asked = open(true, [Response.json(observed())]);
    await press("Take it back");
    await says("Writes stop for a moment");
    expect(of(asked, TURN)).toEqual([]);
    await press("Take it back", -1);
    await says("It is asked for.");
    expect(of(asked, TURN).map(({ body }) => body)).toEqual([{ epoch: 1, generation: 3 }]);
  });

  it("explains that it has changed, and asks anew", async () => {
    const asked = open(true, [problem(409, "sequence-gap")]);
    await press("Take it back");
    await press("Take it back", -1);
    await says("The split has changed since you looked.");
    await eventually(() => expect(of(asked, "GET /cluster/migrations").length).toBeGreaterThan(1));
  });

  it("reads a new phase aloud, and asks nothing while nobody sees it", async () => {
    const copying = stored("identity", { phase: "Copy", epoch: 1 });
    const asked = open(false, [], [told(copying), told(copying), told(observed())]);
    await says("Now Rows are copied");
    const live = () => document.querySelector('[aria-live="polite"].visually-hidden')?.textContent;
    expect(live()).toBe("");
    const seen = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    const before = of(asked, "GET /cluster/migrations").length;
    await new Promise((done) => setTimeout(done, 2_500));
    expect(of(asked, "GET /cluster/migrations").length).toBe(before);
    seen.mockRestore();
    await eventually(() => expect(live()).toBe("The new database has the data"));
  });

  it("says that the way back isn't open, and why", async () => {
    open(true, [], [told(observed({ rollback: { possible: false, reason: "The slot is lost." } }))]);
    await says("It isn't open now. The slot is lost.");
    expect(controls("Take it back")).toEqual([]);
  });
});

describe("how often is asked", () => {
  it("is often while something moves, and less and less while it fails", () => {
    expect([pace(true, 0), pace(false, 0)]).toEqual([2_000, 10_000]);
    expect([1, 2, 3, 4, 9].map((count) => pace(true, count))).toEqual([10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it("knows what moves", () => {
    const at = (phase: string, spec: object = {}) => moves(stored("a", { phase, epoch: 1 }, spec) as never);
    expect(["Copy", "Cutover", "RollingBack"].map((phase) => at(phase))).toEqual([true, true, true]);
    expect(["Pending", "Observe", "Completed", "Failed"].map((phase) => at(phase))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect([at("Observe", { rollback: { epoch: 1 } }), at("RolledBack", { rollback: { epoch: 0 } })]).toEqual([
      true,
      false,
    ]);
  });
});

describe("words", () => {
  it("are for people", () => {
    expect(phaseWords("Aborted")).toContain("Taken back");
    expect(phaseWords("SomethingNew")).toBe("SomethingNew");
    expect(state(stored("a", {}) as never).word).toBe("Not ready yet");
    expect([bytes(0), bytes(999), bytes(1_500)]).toEqual(["0 byte", "999 byte", "1.5 kB"]);
    expect([span(0), span(61), span(90_000)]).toEqual(["0 seconds", "1 minute", "1 day"]);
    expect(text()).toBe("");
  });
});
