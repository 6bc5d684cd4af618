//! The website's forms: what each asks, where it goes, what it says by itself. The pages, their scripts and the server (`portal.json`) are made of this one
//! table. Lengths are those of marketing's routes.

import type { FieldSpec } from "@rerp/shared/ui";

/** A form. */
export interface SiteForm {
  /** The route that takes it. */
  readonly to: "/api/marketing/email-capture" | "/api/marketing/contact";
  /** What it says beside what is filled in. */
  readonly fixed: Readonly<Record<string, string>>;
  readonly fields: readonly FieldSpec[];
  /** Fields that nobody types: which plan it is about, and what was agreed to. */
  readonly quiet: readonly string[];
  readonly button: string;
}

/** A field that people don't see. */
export const TRAP = "homepage";
/** The page that says that a form was taken. */
export const THANKS = "/thanks";

const EMAIL: FieldSpec = {
  name: "email",
  label: "E-mail address",
  type: "email",
  autocomplete: "email",
  required: true,
  maxlength: 254,
};
const NAME: FieldSpec = { name: "name", label: "Name", autocomplete: "name", maxlength: 200 };
const COMPANY: FieldSpec = { name: "company", label: "Company", autocomplete: "organization", maxlength: 200 };

export const FORMS = {
  hero: {
    to: "/api/marketing/email-capture",
    fixed: { source: "hero" },
    fields: [EMAIL],
    quiet: [],
    button: "Keep me posted",
  },
  trial: {
    to: "/api/marketing/email-capture",
    fixed: { source: "free_trial" },
    fields: [EMAIL, NAME, COMPANY],
    quiet: ["plan_code", "consent"],
    button: "Ask for a free trial",
  },
  exit: {
    to: "/api/marketing/email-capture",
    fixed: { source: "exit_intent" },
    fields: [EMAIL],
    quiet: [],
    button: "Remind me",
  },
  contact: {
    to: "/api/marketing/contact",
    fixed: {},
    fields: [
      EMAIL,
      { ...NAME, required: true },
      COMPANY,
      { name: "message", label: "Message", required: true, maxlength: 5000, lines: 6 },
    ],
    quiet: ["consent"],
    button: "Send message",
  },
} as const satisfies Record<string, SiteForm>;

/** The name of a form. */
export type FormName = keyof typeof FORMS;

/** Names of everything that a form sends. */
export function names(form: SiteForm): string[] {
  return [...form.fields.map((field) => field.name), ...form.quiet];
}

/** What the server has to know of the forms. */
export function manifest(): unknown {
  const forms = Object.entries<SiteForm>(FORMS).map(([name, form]) => {
    return [name, { to: form.to, fields: names(form), fixed: form.fixed, trap: TRAP, thanks: THANKS }];
  });
  return { forms: Object.fromEntries(forms) };
}
