import { describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { ANN, problem } from "../../shared/test/played";
import { CERTIFICATE, certificate, control, field, TOKEN, told } from "./fte-played";
import { fit, heading, says, show, text } from "./shown";

const MINE = `GET /api/fte/certificates/${ANN}`;
const VERIFY = `GET /api/fte/certificates/verify/${TOKEN}`;
const CREDENTIAL = `${VERIFY}/credential`;
const page = (items: unknown[]) => told({ items, next_cursor: null });
const OTHER = CERTIFICATE.replace("d1", "d2");

/** Nobody is signed in. */
const OUT = { "POST /session/refresh": [() => new Response(null, { status: 204 })] };

describe("the list of certificates", () => {
  it("shows each with what it is worth, the newest first", async () => {
    const old = certificate({
      certificate_id: OTHER,
      course: "older",
      state: "expired",
      expires_at: "2026-01-01T00:00:00Z",
    });
    show("/certificates", { [MINE]: [page([old, certificate()])] });
    await heading("Certificates");
    await says("FTE-1234-5678-9012-3452");
    const list = Array.from(document.querySelectorAll(".certificate"), (each) => each.textContent ?? "");
    expect(list[0]).toContain("Valid");
    expect(list[1]).toContain("Expired");
    await fit();
  });

  it("says how to come to one, and what goes wrong", async () => {
    show("/certificates", { [MINE]: [() => problem(403, "not-permitted"), () => page([])] });
    await eventually(() => control("Try again"));
    await fit();
    control("Try again").click();
    await says("You have no certificate yet.");
    await fit();
  });
});

describe("a certificate", () => {
  const path = `/certificates/${CERTIFICATE}`;

  it("is shown with the address to share, and copied", async () => {
    const write = vi.fn<(text: string) => Promise<void>>(() => Promise.resolve());
    Object.defineProperty(navigator, "clipboard", { value: { writeText: write }, configurable: true });
    show(path, { [MINE]: [page([certificate()])] });
    await says("Show it to others");
    expect(text()).toContain("No end");
    expect(field("Address").value).toBe(`${location.origin}/certificates/verify/${TOKEN}`);
    await fit();
    control("Copy the address").click();
    await says("Copied.");
    expect(write).toHaveBeenCalledWith(`${location.origin}/certificates/verify/${TOKEN}`);
    write.mockRejectedValueOnce(new Error("no"));
    control("Copy the address").click();
    await says("Copy the marked address.");
  });

  it("is downloaded in both forms", async () => {
    const made: Blob[] = [];
    const names: string[] = [];
    vi.stubGlobal(
      "URL",
      Object.assign(URL, { createObjectURL: (blob: Blob) => `blob:${made.push(blob)}`, revokeObjectURL: () => {} }),
    );
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      names.push(this.download);
    });
    show(path, {
      [MINE]: [page([certificate()])],
      [CREDENTIAL]: [() => new Response('{"proof":1}'), () => new Response("a.b.c")],
    });
    await says("Take it along");
    const press = (label: string) => control(label).dispatchEvent(new MouseEvent("click", { bubbles: true }));
    press("Download with a proof inside");
    await eventually(() => expect(names).toHaveLength(1));
    press("Download as a JWT");
    await eventually(() => expect(names).toHaveLength(2));
    expect(names).toEqual(["FTE-1234-5678-9012-3452.json", "FTE-1234-5678-9012-3452.jwt"]);
    expect(made.map((blob) => blob.type)).toEqual(["application/vc", "application/vc+jwt"]);
    expect(await made[1]?.text()).toBe("a.b.c");
  });

  it("says where there are no credentials", async () => {
    show(path, {
      [MINE]: [page([certificate()])],
      [CREDENTIAL]: [() => problem(404, "no-such-route"), () => problem(503, "at-capacity")],
    });
    await says("Take it along");
    control("Download as a JWT").click();
    await says("aren't issued as credentials here");
    await fit();
    control("Download as a JWT").click();
    await says("We are very busy.");
  });

  it("that was taken back says why", async () => {
    const revoked = certificate({
      state: "revoked",
      revoked_at: "2026-11-29T12:00:00Z",
      revoked_reason: "Somebody else sat it",
    });
    show(path, { [MINE]: [page([revoked])] });
    await says("It was taken back: Somebody else sat it");
    await fit();
  });

  it("that has expired says what to do", async () => {
    show(path, { [MINE]: [page([certificate({ state: "expired", expires_at: "2026-01-01T00:00:00Z" })])] });
    await says("Pass the final assessment again");
  });

  it("of somebody else isn't there", async () => {
    show(path, { [MINE]: [page([certificate({ certificate_id: OTHER })])] });
    await says("You have no such certificate.");
    await fit();
  });
});

describe("checking a certificate", () => {
  const path = `/certificates/verify/${TOKEN}`;
  const { certificate_number, course, issued_at } = certificate();
  const seen = { certificate_number, course, issued_at, expires_at: null, revoked_at: null };

  it.each([
    ["valid", "genuine and counts", {}],
    ["expired", "its time is over", { expires_at: "2026-01-01T00:00:00Z" }],
    ["revoked", "was taken back", { revoked_at: "2026-01-01T00:00:00Z" }],
  ])("says to everybody that it is %s", async (state, words, more) => {
    const asked = show(path, { ...OUT, [VERIFY]: [told({ ...seen, state, ...more })] });
    await heading("Check a certificate");
    await says(words);
    expect(text()).toContain("FTE-1234-5678-9012-3452");
    expect(asked.find(({ name }) => name === VERIFY)?.token).toBeNull();
    await fit();
  });

  it("asks without saying who asks, also of whoever is signed in", async () => {
    const asked = show(path, { [VERIFY]: [told({ ...seen, state: "valid" })] });
    await says("genuine and counts");
    expect(asked.find(({ name }) => name === VERIFY)?.token).toBeNull();
  });

  it("says that there is none, and what goes wrong", async () => {
    show(path, { ...OUT, [VERIFY]: [() => problem(400, "malformed-address"), () => problem(404, "not-found")] });
    await eventually(() => control("Try again"));
    await fit();
    control("Try again").click();
    await says("There is no certificate at this address.");
    await fit();
  });
});
