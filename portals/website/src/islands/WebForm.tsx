//! A form of the website. Before scripts it is a plain form that goes to the portal's server; with them it goes to the API and stays on the page.

import { createApi } from "@rerp/shared/api";
import { createProof, createSubmission } from "@rerp/shared/form";
import { Button, Done, Field, ProblemNotice, Trap } from "@rerp/shared/ui";
import { createUniqueId, For, type JSX, onMount, Show } from "solid-js";
import { noteSent } from "../exit/moment";
import { FORMS, type FormName, names, type SiteForm, TRAP } from "../forms";
import { SITE } from "../site";
import { choose, chosen } from "./plan";
import { send } from "./send";

export interface WebFormProps {
  readonly name: FormName;
  /** Told when the form was taken. */
  readonly onTaken?: () => void;
}

export function WebForm(props: WebFormProps): JSX.Element {
  const form: SiteForm = FORMS[props.name];
  let element: HTMLFormElement | undefined;
  // On the server there is no API to ask, and nothing is sent.
  const api = () => createApi();
  const proof = createProofOnce(api);
  const submission = createSubmission({
    fields: names(form),
    trap: TRAP,
    send: async (values, key) => {
      const problem = await send(api(), form, proof(), values, key);
      if (!problem) {
        noteSent();
        props.onTaken?.();
      }
      return problem;
    },
  });
  onMount(() => {
    // From here on mistakes are shown at their fields, not in bubbles.
    if (element) {
      element.noValidate = true;
    }
  });
  return (
    <Show
      when={submission.phase() !== "taken"}
      fallback={
        <Done title="Thank you">
          <p>We have it, and will write to the address that you left.</p>
        </Done>
      }
    >
      <form
        ref={element}
        class={`form form-${props.name}`}
        method="post"
        action={`/forms/${props.name}`}
        onSubmit={submission.submit}
        onFocusIn={() => proof().begin()}
      >
        <For each={form.fields}>{(spec) => <Field spec={spec} mistake={submission.mistake(spec.name)} />}</For>
        <Show when={form.quiet.includes("plan_code") && chosen()}>
          {(plan) => <ChosenPlan code={plan().code} name={plan().name} />}
        </Show>
        <Show when={form.quiet.includes("consent") && SITE.consent}>
          {(consent) => <ConsentChoice version={consent().version} text={consent().text} />}
        </Show>
        <Trap name={TRAP} />
        <ProblemNotice problem={submission.problem()} />
        <div class="form-end">
          <Button type="submit" weight="first" busy={submission.phase() === "sending"}>
            {submission.phase() === "sending" ? "Sending …" : form.button}
          </Button>
        </div>
      </form>
    </Show>
  );
}

function createProofOnce(api: () => ReturnType<typeof createApi>) {
  let proof: ReturnType<typeof createProof> | undefined;
  return () => {
    proof ??= createProof(api());
    return proof;
  };
}

function ChosenPlan(props: { readonly code: string; readonly name: string }): JSX.Element {
  return (
    <p class="chosen-plan">
      <input type="hidden" name="plan_code" value={props.code} />
      Plan: <strong>{props.name}</strong>{" "}
      <Button weight="quiet" onClick={() => choose(undefined)}>
        Remove plan
      </Button>
    </p>
  );
}

function ConsentChoice(props: { readonly version: string; readonly text: string }): JSX.Element {
  const id = createUniqueId();
  return (
    <div class="choice">
      <input id={id} type="checkbox" name="consent" value={props.version} />
      <label for={id}>{props.text}</label>
    </div>
  );
}
