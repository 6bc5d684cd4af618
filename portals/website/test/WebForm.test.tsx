import axe from "axe-core";
import { render } from "solid-js/web";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { choose } from "../src/islands/plan";
import { WebForm } from "../src/islands/WebForm";

const PLAN = { plan_id: "0", code: "pro", name: "Pro", trial_days: 14, seats: null, prices: [] };
const RECEIPT = { id: "1", email_address_id: null, company_id: null };

let end: () => void = () => {};
let asked: { url: string; key: string | null; body: unknown }[] = [];

function answer(status: number, body: unknown) {
  vi.stubGlobal(
    "fetch",
    vi.fn(async (request: Request) => {
      const path = new URL(request.url).pathname;
      if (path.endsWith("/challenge")) {
        return new Response(null, { status: 204 });
      }
      asked.push({ url: path, key: request.headers.get("idempotency-key"), body: await request.json() });
      return Response.json(body, { status });
    }),
  );
}

function show(name: "hero" | "trial" | "contact") {
  end = render(() => <WebForm name={name} />, document.body);
  const field = (label: string) => {
    const found = Array.from(document.querySelectorAll("label")).find((each) => each.textContent?.startsWith(label));
    return document.getElementById(found?.htmlFor ?? "") as HTMLInputElement;
  };
  const submit = () => document.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
  return { field, submit };
}

beforeEach(() => {
  asked = [];
});
afterEach(() => {
  end();
  choose(undefined);
  vi.unstubAllGlobals();
});

describe("a form of the website", () => {
  it.each([201, 202])("looks the same whether the address was known (%i)", async (status) => {
    answer(status, RECEIPT);
    const { field, submit } = show("hero");
    field("E-mail").value = "ann@example.com";
    submit();
    await eventually(() => expect(document.querySelector("form")).toBeNull());
    expect(document.body.textContent).toBe("Thank youWe have it, and will write to the address that you left.");
    expect(asked).toEqual([
      {
        url: "/api/marketing/email-capture",
        key: expect.stringMatching(/^[0-9a-f-]{36}$/),
        body: { email: "ann@example.com", source: "hero" },
      },
    ]);
    await eventually(() => expect(document.activeElement?.textContent).toContain("Thank you"));
  });

  it("sends the plan that was chosen, until it is given up", async () => {
    answer(201, RECEIPT);
    const { field, submit } = show("trial");
    choose(PLAN);
    expect(document.body.textContent).toContain("Plan: Pro");
    field("E-mail").value = "ann@example.com";
    submit();
    await eventually(() => expect(asked).toHaveLength(1));
    expect(asked[0]?.body).toEqual({ email: "ann@example.com", plan_code: "pro", source: "free_trial" });
  });

  it("says what went wrong, keeps what was typed, and takes the focus to the field", async () => {
    const errors = [{ pointer: "/company", detail: "must have a letter" }];
    answer(422, { type: "https://rerp.dev/problems/invalid-value", errors });
    const { field, submit } = show("contact");
    for (const [label, text] of [
      ["E-mail", "ann@example.com"],
      ["Name", "Ann"],
      ["Message", "Hello"],
      ["Company", "!"],
    ] as const) {
      field(label).value = text;
    }
    submit();
    await eventually(() => expect(field("Company").getAttribute("aria-invalid")).toBe("true"));
    const told = document.getElementById(field("Company").getAttribute("aria-describedby") ?? "");
    expect(told?.textContent).toBe("Must have a letter.");
    expect(field("Message").value).toBe("Hello");
    expect(document.activeElement).toBe(field("Company"));
    const found = await axe.run(document.body, {
      rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
    });
    expect(found.violations.map(({ id }) => id)).toEqual([]);
  });

  it("says so where it can't be sent", async () => {
    vi.stubGlobal(
      "fetch",
      vi.fn(() => Promise.reject(new TypeError("offline"))),
    );
    const { field, submit } = show("hero");
    field("E-mail").value = "ann@example.com";
    submit();
    await eventually(() => expect(document.querySelector('[role="alert"]')?.textContent).toContain("Are you online?"));
    expect(field("E-mail").value).toBe("ann@example.com");
  });
});
