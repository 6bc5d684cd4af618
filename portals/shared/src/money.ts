//! Amounts for people. In: minor units and a currency of ISO 4217, as the API has them. Out: text. Amounts are integers and stay so: they are parted
//! into digits, never divided.

/** Currencies that Stripe counts in hundredths though they have none (docs.stripe.com/currencies). */
const IN_HUNDREDTHS = ["ISK", "UGX"];

/** An amount, such as `€12.50`; without decimals where there is nothing behind the point. */
export function money(amount: number, currency: string, language: string): string {
  const code = currency.toUpperCase();
  const usual = new Intl.NumberFormat(language, { style: "currency", currency: code }).resolvedOptions();
  const digits = IN_HUNDREDTHS.includes(code) ? 2 : (usual.maximumFractionDigits ?? 2);
  const text = String(Math.abs(amount)).padStart(digits + 1, "0");
  const [whole, part] = [text.slice(0, text.length - digits), text.slice(text.length - digits)];
  const shown = /[1-9]/.test(part) ? digits : 0;
  const format = new Intl.NumberFormat(language, {
    style: "currency",
    currency: code,
    minimumFractionDigits: shown,
    maximumFractionDigits: shown,
  });
  // A text is formatted exactly, where a number of this size might not be.
  return format.format(`${amount < 0 ? "-" : ""}${whole}.${part || "0"}` as Intl.StringNumericLiteral);
}
