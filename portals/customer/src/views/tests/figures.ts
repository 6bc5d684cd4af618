//! Figures for people. In: integers of the API. Out: text; nothing is divided that could be rounded the wrong way.

/** Hundredths of a percent: `70%`, `66.67%`. */
export function percent(hundredths: number): string {
  const text = String(hundredths).padStart(3, "0");
  const part = text.slice(-2).replace(/0+$/, "");
  return `${text.slice(0, -2)}${part && `.${part}`}%`;
}

/** Whether so many points of so many reach the mark: multiplied across, as the service does it. */
export function reaches(earned: number, total: number, hundredths: number): boolean {
  return total > 0 && BigInt(earned) * 10_000n >= BigInt(total) * BigInt(hundredths);
}

/** `45 minutes`, `1 hour 30 minutes`. */
export function duration(seconds: number): string {
  const unit = (count: number, name: string) => (count > 0 ? [`${count} ${name}${count === 1 ? "" : "s"}`] : []);
  const parts = [
    ...unit(Math.floor(seconds / 3600), "hour"),
    ...unit(Math.floor(seconds / 60) % 60, "minute"),
    ...unit(seconds % 60, "second"),
  ];
  return parts.join(" ") || "0 seconds";
}

/** A day, in the form of whoever reads it. */
export function day(text: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "long" }).format(new Date(text));
}

/** A moment, to the minute. */
export function minute(at: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(at);
}
