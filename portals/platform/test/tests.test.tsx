import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { problem } from "../../shared/test/played";
import { AT, BEA, GONE, human, look, page, reasoned } from "./around";
import { controls, field, fill, fit, heading, of, press, says, show, submit } from "./shown";

const PROGRESS = `GET /api/fte/progress/${BEA}`;
const CERTIFICATES = `GET /api/fte/certificates/${BEA}`;
const TIME = `/api/fte/people/${BEA}/extra-time`;
const NONE = () => problem(404, "not-found");
const REFUSED = () => problem(403, "not-permitted");
const progress =
  (...courses: unknown[]) =>
  () =>
    Response.json({ human_name_id: BEA, courses });
const course = {
  course: "Swing",
  modules_passed: 2,
  modules_total: 5,
  overall_progress: 40,
  current_module: "swing-3",
  final_passed_at: null,
  certificate_issued_at: AT,
  last_accessed_at: AT,
};
const certificate = (state: string) => ({
  certificate_id: "c1",
  certificate_number: "FTE-1",
  course: "Swing",
  issued_at: AT,
  expires_at: null,
  state,
  revoked_reason: state === "revoked" ? "It was another's work" : null,
});
const time = (percent: number) => () => Response.json({ human_name_id: BEA, percent, updated_at: AT });

/** Opens somebody's tests by the search. */
async function open(more: Parameters<typeof show>[1]): Promise<ReturnType<typeof show>> {
  const asked = show("/", {
    [`GET /api/identity/user/${BEA}`]: [human],
    [PROGRESS]: [progress(course)],
    [CERTIFICATES]: [page(certificate("valid"))],
    [`GET ${TIME}`]: [NONE],
    ...more,
  });
  await look(BEA, "Person");
  await press("Tests");
  await heading("Tests");
  return asked;
}

describe("somebody's tests", () => {
  it("are shown, and where there are none", async () => {
    const asked = await open({ [CERTIFICATES]: [page()] });
    for (const words of ["2 of 5 (40 %)", "swing-3", "They have none.", "They have no more time than others."]) {
      await says(words);
    }
    await fit();
    reasoned(asked);
  });

  it("fail part by part", async () => {
    const asked = await open({
      [PROGRESS]: [REFUSED, progress()],
      [`GET ${TIME}`]: [REFUSED, time(25)],
    });
    await says("FTE-1");
    await eventually(() => expect(controls("Try again").length).toBe(2));
    await fit();
    await press("Try again");
    await says("They have begun no course.");
    await press("Try again");
    await says("They have 25 % more time");
    reasoned(asked);
  });

  it("lose a certificate for a reason that its owner reads", async () => {
    const asked = await open({
      [CERTIFICATES]: [page(certificate("valid")), page(certificate("revoked"))],
      "POST /api/fte/certificates/c1/revoke": [
        () => problem(422, "invalid-value", { errors: [{ pointer: "/reason", detail: "is too long" }] }),
        () => problem(409, "ended"),
        () => Response.json(certificate("revoked")),
      ],
    });
    await press("Revoke: FTE-1");
    await fill("words", "It was another's work");
    await fit();
    submit("words");
    await says("Is too long.");
    submit("words");
    await says("This has ended");
    submit("words");
    await says("The certificate is revoked.");
    await says("Revoked: It was another's work");
    expect(of(asked, "POST /api/fte/certificates/c1/revoke").at(-1)?.body).toEqual({ reason: "It was another's work" });
    reasoned(asked);
  });

  it("get more time, another one, and none", async () => {
    const asked = await open({
      [`PUT ${TIME}`]: [REFUSED, time(25), time(50)],
      [`DELETE ${TIME}`]: [REFUSED, GONE],
    });
    for (const wrong of ["0", "201", "1.5", "-3"]) {
      await fill("percent", wrong);
      submit("percent");
      await eventually(() => expect(document.querySelector(".mistake")?.textContent).toContain("Percent"));
    }
    await fit();
    expect(of(asked, `PUT ${TIME}`)).toEqual([]);
    await fill("percent", "25");
    submit("percent");
    await says("You are not allowed to do this.");
    submit("percent");
    await says("They have 25 % more time");
    await eventually(() => expect(field("percent").value).toBe("25"));
    await fill("percent", "50");
    submit("percent");
    await says("They have 50 % more time");
    await fit();
    await press("Take it away");
    await eventually(() => expect(controls("Take it away").length).toBe(2));
    await press("Take it away", -1);
    await says("You are not allowed to do this.");
    await press("Take it away", -1);
    await says("It is taken away.");
    await says("They have no more time than others.");
    expect(of(asked, `PUT ${TIME}`).map(({ body }) => body)).toEqual([25, 25, 50].map((percent) => ({ percent })));
    reasoned(asked);
  });
});
