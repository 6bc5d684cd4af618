//! Where candles stand. In: bars, and the size of a drawing. Out: places in it. Prices become pixels here and nowhere else: what is written is the service's text.

import type { Bar } from "./read";

export const WIDTH = 720;
export const HEIGHT = 320;
/** Room at the right for prices. */
const MARGIN = 64;
const PAD = 12;
/** Lines across. */
const LINES = 4;

export interface Candle {
  readonly at: number;
  readonly x: number;
  readonly width: number;
  readonly top: number;
  readonly height: number;
  readonly high: number;
  readonly low: number;
  readonly isUp: boolean;
}

export interface Line {
  readonly y: number;
  readonly price: string;
}

/** The candles of the last `count` bars. */
export function candles(all: readonly Bar[], count: number): { candles: Candle[]; lines: Line[]; first: number } {
  const first = Math.max(0, all.length - count);
  const shown = all.slice(first);
  const highest = Math.max(...shown.map((bar) => Number(bar.high)));
  const lowest = Math.min(...shown.map((bar) => Number(bar.low)));
  const range = highest - lowest || 1;
  const y = (price: number) => PAD + ((highest - price) / range) * (HEIGHT - 2 * PAD);
  const step = (WIDTH - MARGIN) / Math.max(1, shown.length);
  const place = (bar: Bar, at: number): Candle => {
    const [open, close] = [y(Number(bar.open)), y(Number(bar.close))];
    return {
      at: first + at + 1,
      x: at * step + step / 2,
      width: Math.max(1, step * 0.64),
      top: Math.min(open, close),
      height: Math.max(1, Math.abs(open - close)),
      high: y(Number(bar.high)),
      low: y(Number(bar.low)),
      isUp: Number(bar.close) >= Number(bar.open),
    };
  };
  const prices = Array.from({ length: LINES }, (_, at) => lowest + (range * at) / (LINES - 1));
  const lines = shown.length > 0 ? prices.map((price) => ({ y: y(price), price: price.toFixed(2) })) : [];
  return { candles: shown.map(place), lines, first };
}
