//! The server's time, guessed from its answers. In: when a request was sent and answered by this machine's steady clock, and the times that the answer names.
//! Out: what time it is there, at most and at least. This machine's own time of day decides nothing.

/** What an answer says of the server's time. All in milliseconds; `sent` and `received` by the steady clock. */
export interface Sighting {
  readonly sent: number;
  readonly received: number;
  /** The answer's `Date`, which is cut to whole seconds. */
  readonly date?: number | undefined;
  /** A moment that lies in the server's past: when something was begun, or saved. */
  readonly past?: number | undefined;
}

/** The server's time. */
export interface ServerClock {
  /** Learns from an answer. */
  saw(sighting: Sighting): void;
  /** The latest that it can be there: who goes by it is never too late. None: there was no answer yet. */
  latest(): number | undefined;
  /** How far apart the earliest and the latest are. */
  doubt(): number;
}

/** `Date` names a second, not a moment in it. */
const SECOND = 1_000;

interface Between {
  readonly low: number;
  readonly high: number;
}

/** `steady`: a clock that never goes back and that nobody sets, in milliseconds. */
export function createClock(steady: () => number = () => performance.now()): ServerClock {
  /** What the server's time is ahead of the steady clock. */
  let ahead: Between | undefined;

  const date = ({ sent, received, date }: Sighting): Between | undefined =>
    date === undefined ? undefined : { low: date - received, high: date + SECOND - sent };
  return {
    saw: (sighting) => {
      const seen = date(sighting);
      if (seen) {
        // A machine that slept has a steady clock that stood still: what was known before is worth nothing then.
        ahead = (ahead && both(ahead, seen)) ?? seen;
      }
      const { past, received } = sighting;
      if (ahead && past !== undefined && past - received > ahead.low) {
        // It is later there than that moment; how much, an answer that was given before doesn't say.
        ahead = { low: past - received, high: Math.max(ahead.high, past - received) };
      }
    },
    latest: () => ahead && steady() + ahead.high,
    doubt: () => (ahead ? ahead.high - ahead.low : Number.POSITIVE_INFINITY),
  };
}

function both(one: Between, other: Between): Between | undefined {
  const low = Math.max(one.low, other.low);
  const high = Math.min(one.high, other.high);
  return low <= high ? { low, high } : undefined;
}

/** What a text of RFC 3339 or a `Date` header names, in milliseconds; none where it names nothing. */
export function moment(text: string | null | undefined): number | undefined {
  const at = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
