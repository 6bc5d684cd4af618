//! Something to fill in, with its label, its hint and what is wrong with it. It is a browser's own field: it works before any script, and keeps what
//! somebody types while scripts still load. (Kobalte ties label and field together in the browser, so prerendered pages would have none.)

import { createUniqueId, For, type JSX, Match, Show, Switch } from "solid-js";

/** What may be chosen in a field. */
export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** What a field is. */
export interface FieldSpec {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "email" | "password" | "tel";
  /** Which keys a telephone shows. */
  readonly inputmode?: "numeric";
  /** What browsers may fill in by themselves. */
  readonly autocomplete?: string;
  readonly required?: boolean;
  readonly maxlength: number;
  /** More than one make it a field for texts. */
  readonly lines?: number;
  readonly hint?: string;
  /** What is in it at first. */
  readonly value?: string;
  /** One of these, instead of a text. */
  readonly choices?: readonly Choice[];
}

export interface FieldProps {
  readonly spec: FieldSpec;
  readonly mistake: string | undefined;
}

export function Field(props: FieldProps): JSX.Element {
  const id = createUniqueId();
  const described = () => {
    const names = [props.spec.hint && `${id}-hint`, props.mistake && `${id}-mistake`].filter(Boolean);
    return names.length > 0 ? names.join(" ") : undefined;
  };
  const common = () => ({
    id,
    name: props.spec.name,
    class: "input",
    required: props.spec.required ?? false,
    inputmode: props.spec.inputmode,
    maxlength: props.spec.maxlength,
    autocomplete: props.spec.autocomplete ?? "off",
    "aria-describedby": described(),
    "aria-invalid": props.mistake ? ("true" as const) : undefined,
  });
  return (
    <div class="field">
      <label for={id}>
        {props.spec.label}
        <Show when={!props.spec.required}>
          <span class="optional">optional</span>
        </Show>
      </label>
      <Switch fallback={<input type={props.spec.type ?? "text"} value={props.spec.value ?? ""} {...common()} />}>
        <Match when={props.spec.choices}>
          {(choices) => (
            <select {...common()}>
              <For each={choices()}>
                {(choice) => (
                  <option value={choice.value} selected={choice.value === props.spec.value}>
                    {choice.label}
                  </option>
                )}
              </For>
            </select>
          )}
        </Match>
        <Match when={props.spec.lines}>
          {(lines) => <textarea rows={lines()} value={props.spec.value ?? ""} {...common()} />}
        </Match>
      </Switch>
      <Show when={props.spec.hint}>
        <p id={`${id}-hint`} class="hint">
          {props.spec.hint}
        </p>
      </Show>
      <Show when={props.mistake}>
        <p id={`${id}-mistake`} class="mistake">
          {props.mistake}
        </p>
      </Show>
    </div>
  );
}
