import { describe, expect, it } from "vitest";
import { eventually } from "../../shared/test/eventually";
import { problem } from "../../shared/test/played";
import { ACTIONS, AT, around, BASE, FIRM, GONE, ONE, page } from "./account";
import { controls, field, fill, fit, of, press, says, show, submit, text } from "./shown";

describe("addresses", () => {
  const address = (address_id: string, city: string, is_primary: boolean, version = 1) => ({
    address_id,
    account_id: ONE,
    type: "billing",
    person_id: null,
    company_id: FIRM,
    street_address: "1 High Street",
    city,
    state_province: null,
    postal_code: "AB1",
    country: "GB",
    is_primary,
    version,
    created_at: AT,
    updated_at: AT,
  });
  const ONE_OF = `${BASE}/addresses/a1`;

  it("are added, for the company that the account is for", async () => {
    const asked = show(`/accounts/${ONE}/addresses`, {
      ...around(...ACTIONS),
      [`GET ${BASE}/addresses`]: [page(), page(address("a1", "Leeds", true))],
      [`POST ${BASE}/addresses`]: [
        () => problem(503, "database-unavailable"),
        () => Response.json(address("a1", "Leeds", true), { status: 201 }),
      ],
    });
    await says("There is no address yet.");
    await fit();
    await press("Add an address");
    await fill("street_address", "1 High Street");
    await fill("city", "Leeds");
    submit("city");
    await says("Not right yet: Country.");
    await fit();
    await fill("country", "GB");
    submit("city");
    await says("We can't do this right now");
    submit("city");
    await says("The address is added.");
    await says("United Kingdom");
    const posts = of(asked, `POST ${BASE}/addresses`);
    expect(posts[1]?.body).toMatchObject({
      company_id: FIRM,
      city: "Leeds",
      country: "GB",
      is_primary: false,
      postal_code: null,
    });
    expect(new Set(posts.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
  });

  it("are changed in the version that was read, and not over another change unseen", async () => {
    const asked = show(`/accounts/${ONE}/addresses`, {
      ...around(...ACTIONS),
      [`GET ${BASE}/addresses`]: [page(address("a1", "Leeds", true)), page(address("a1", "York", true, 2))],
      [`PUT ${ONE_OF}`]: [() => problem(412, "changed-meanwhile"), () => Response.json(address("a1", "Hull", true, 3))],
    });
    await press("Change");
    await fill("city", "Hull");
    submit("city");
    await says("There now: 1 High Street, AB1 York, United Kingdom");
    expect(field("city").value).toBe("Hull");
    await fit();
    submit("city");
    await says("The address is changed.");
    const puts = of(asked, `PUT ${ONE_OF}`);
    expect(puts.map(({ headers }) => headers.get("if-match"))).toEqual(['"1"', '"2"']);
    expect(puts[1]?.body).toMatchObject({ city: "Hull", is_primary: true });
  });

  it("are removed; the primary one not while there are others", async () => {
    show(`/accounts/${ONE}/addresses`, {
      ...around(...ACTIONS),
      [`GET ${BASE}/addresses`]: [page(address("a1", "Leeds", true), address("a2", "York", false))],
      [`DELETE ${ONE_OF}`]: [() => problem(409, "in-use")],
      [`DELETE ${BASE}/addresses/a2`]: [GONE],
    });
    await press("Remove");
    await says("make another one that first");
    await press("Remove it");
    await says("This is still needed by something that goes on.");
    await fit();
    await press("Keep it as it is");
    await eventually(() => expect(text()).not.toContain("Remove the address?"));
    await press("Remove", 1);
    await press("Remove it");
    await says("The address is removed.");
  });

  it("are read only for whoever may not change them", async () => {
    show(`/accounts/${ONE}/addresses`, {
      ...around("account.view"),
      [`GET ${BASE}/addresses`]: [page(address("a1", "Leeds", true))],
    });
    await says("why not address.manage");
    expect(controls("Change")).toEqual([]);
  });
});
