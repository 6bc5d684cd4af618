//! An order is placed: which way, how much, and at a limit or at the market. It fills in the next bar at the earliest.

import { Button } from "@rerp/shared/ui";
import { createSignal, createUniqueId, type JSX, Show } from "solid-js";
import { parse, show } from "../decimal";
import { MONEY, PRICE } from "./read";
import type { Run } from "./run";

interface Typed {
  readonly quantity: string;
  readonly limit: string | undefined;
}
export type Mistakes = Partial<Record<"quantity" | "limit", string>>;

const WANTED = "Must be more than 0, with at most 4 decimal places.";

/** What is wrong with what was typed. Counted in ten-thousandths: nothing is rounded. */
export function check({ quantity, limit }: Typed): Mistakes {
  const isPositive = (text: string) => (parse(text, PRICE) ?? 0n) > 0n;
  return {
    ...(isPositive(quantity) ? {} : { quantity: WANTED }),
    ...(limit === undefined || isPositive(limit) ? {} : { limit: WANTED }),
  };
}

/** What it comes to at a price, exactly: a price times a quantity has the places of both. */
export function worth(quantity: string, price: string): string | undefined {
  const [one, other] = [parse(quantity, PRICE), parse(price, PRICE)];
  return one === undefined || other === undefined ? undefined : show(one * other, MONEY, 2);
}

export function Ticket(props: { readonly run: Run }): JSX.Element {
  const id = createUniqueId();
  const [side, setSide] = createSignal<"buy" | "sell">("buy");
  const [isLimit, setLimit] = createSignal(false);
  const [typed, setTyped] = createSignal({ quantity: "", limit: "" });
  const [mistakes, setMistakes] = createSignal<Mistakes>({});
  let form: HTMLFormElement | undefined;

  const terms = () => ({ quantity: typed().quantity.trim(), limit: isLimit() ? typed().limit.trim() : undefined });
  const price = () => terms().limit ?? props.run.bars().at(-1)?.close ?? "";
  const total = () => worth(terms().quantity, price());
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const { quantity, limit } = terms();
    const wrong = check({ quantity, limit });
    setMistakes(wrong);
    const first = Object.keys(wrong)[0];
    if (first) {
      form?.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus();
    } else if (await props.run.act({ order: { side: side(), quantity, ...(limit === undefined ? {} : { limit }) } })) {
      setTyped({ quantity: "", limit: "" });
    }
  };
  const number = (name: "quantity" | "limit", label: string) => (
    <div class="field">
      <label for={`${id}-${name}`}>{label}</label>
      <input
        id={`${id}-${name}`}
        name={name}
        class="input"
        inputmode="decimal"
        autocomplete="off"
        maxlength={20}
        value={typed()[name]}
        aria-invalid={mistakes()[name] ? "true" : undefined}
        aria-describedby={mistakes()[name] ? `${id}-${name}-mistake` : undefined}
        onInput={(event) => setTyped({ ...typed(), [name]: event.currentTarget.value })}
      />
      <Show when={mistakes()[name]}>
        <p id={`${id}-${name}-mistake`} class="mistake">
          {mistakes()[name]}
        </p>
      </Show>
    </div>
  );
  const option = (name: string, label: string, isChosen: () => boolean, choose: () => void) => (
    <label class="ticket-option">
      <input type="radio" name={`${id}-${name}`} checked={isChosen()} onChange={choose} /> {label}
    </label>
  );
  return (
    <form class="form ticket" noValidate ref={(element) => (form = element)} onSubmit={(event) => void submit(event)}>
      <fieldset class="ticket-options">
        <legend>Which way</legend>
        {option(
          "side",
          "Buy",
          () => side() === "buy",
          () => setSide("buy"),
        )}
        {option(
          "side",
          "Sell",
          () => side() === "sell",
          () => setSide("sell"),
        )}
      </fieldset>
      <fieldset class="ticket-options">
        <legend>At which price</legend>
        {option(
          "kind",
          "Market: the next bar's open",
          () => !isLimit(),
          () => setLimit(false),
        )}
        {option("kind", "Limit: that price or a better one", isLimit, () => setLimit(true))}
      </fieldset>
      {number("quantity", "Quantity")}
      <Show when={isLimit()}>{number("limit", "Limit")}</Show>
      <Show when={total()}>
        <p class="hint">
          {isLimit() ? "At the limit" : "At the last close"} that is {total()}, before fees. Free cash:{" "}
          {props.run.figures().free}.
        </p>
      </Show>
      <div>
        <Button type="submit" weight="first" busy={props.run.isBusy()}>
          Place the order
        </Button>
      </div>
    </form>
  );
}
