//! Where a matter begins: whom or what it is about, and why. Nobody is opened without a reason.

import type { Problem } from "@rerp/shared/api";
import { attempt, Form, Page, usePerson, useSession } from "@rerp/shared/app";
import type { FieldSpec } from "@rerp/shared/ui";
import { useNavigate } from "@solidjs/router";
import { createSignal, type JSX } from "solid-js";
import { createAboutApi } from "../../about/api";
import { reasonsOf } from "../../about/reasons";
import { REASON, refused } from "../../about/Why";
import { type Found, find, findByEmail, identifier } from "./find";
import { Several } from "./Several";
import "../../parts/parts.css";

const WHO: FieldSpec = {
  name: "who",
  label: "Identifier or e-mail address",
  required: true,
  maxlength: 254,
  hint: "The identifier of a person or an account (36 characters), or a person's present address.",
};

const mistaken = (text: string): Problem => ({ kind: "invalid-value", fields: { who: text } });
const isAddress = (text: string) => text.includes("@");

/** Several who have an address, and why they are looked for. */
interface Choice {
  readonly people: readonly Found[];
  readonly reason: string;
}

export default function Search(): JSX.Element {
  const session = useSession();
  const person = usePerson();
  const navigate = useNavigate();
  const [choice, setChoice] = createSignal<Choice>();
  const open = (id: string, path: string, reason: string) => {
    reasonsOf(person().person).set(id, reason);
    navigate(path);
  };
  const byIdentifier = async (id: string, reason: string): Promise<Problem | undefined> => {
    const path = await find(
      createAboutApi(session, person().person, () => reason),
      id,
    );
    if (!path) {
      return mistaken("No person and no account has this identifier.");
    }
    open(id, path, reason);
    return undefined;
  };
  const byEmail = async (email: string, reason: string): Promise<Problem | undefined> => {
    const api = createAboutApi(session, person().person, () => reason);
    const people = await findByEmail(api, email, reason);
    const [first] = people;
    if (!first) {
      return mistaken("Nobody has this address now.");
    }
    if (people.length === 1) {
      open(first.human_name_id, `/people/${first.human_name_id}`, reason);
    } else {
      setChoice({ people, reason });
    }
    return undefined;
  };
  const send = async (values: Readonly<Record<string, string>>): Promise<Problem | undefined> => {
    const { who = "", reason = "" } = values;
    const id = identifier(who);
    setChoice(undefined);
    const wrong = refused(reason);
    if (wrong) {
      return wrong;
    }
    if (!id && !isAddress(who)) {
      return mistaken("This is no identifier (36 characters: a to f, digits and hyphens) and no address.");
    }
    let answer: Problem | undefined;
    const problem = await attempt(async () => {
      answer = id ? await byIdentifier(id, reason) : await byEmail(who, reason);
    });
    // The service names the query's parts, the form its own.
    return problem?.fields.email ? mistaken(problem.fields.email) : (problem ?? answer);
  };
  return (
    <Page title="Search">
      <section class="card narrow" aria-label="Search">
        <Form fields={[WHO, REASON]} button="Search" busy="Searching …" send={send} stays />
      </section>
      <Several people={choice()?.people ?? []} open={(id) => open(id, `/people/${id}`, choice()?.reason ?? "")} />
    </Page>
  );
}
