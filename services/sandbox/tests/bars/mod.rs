//! Bars that look for trouble. In: a seed and a number. Out: bars: walks, dojis, gaps, equal prices, runs of one colour, flat stretches, and
//! the rare patterns drawn by hand, jittered so that some of them just fail. On grids where sums round and on grids where they don't.

use rerp_sandbox::trading::pattern::Candle;

/// SplitMix64.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> i64 {
        (self.next() % bound) as i64
    }

    pub(crate) fn within(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64)
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

type Shape = &'static [[i64; 4]];

/// Open, high, low, close in steps from the close before, after calm bars with bodies of about 3 and ranges of about 8.
const SHAPES: [Shape; 20] = [
    // Three stars in the south.
    &[[0, 0, -20, -8], [-6, -6, -16, -10], [-12, -12, -14, -14]],
    // Concealing baby swallow.
    &[[0, 0, -10, -10], [-8, -8, -18, -18], [-22, -16, -26, -26], [-15, -15, -28, -28]],
    // Mat hold.
    &[[0, 21, -1, 20], [24, 25, 21, 22], [21, 22, 18, 19], [19, 20, 16, 17], [19, 31, 18, 30]],
    // Kicking.
    &[[0, 0, -10, -10], [4, 14, 4, 14]],
    // Abandoned baby.
    &[[0, 1, -13, -12], [-20, -18, -22, -20], [-15, -3, -16, -4]],
    // Ladder bottom.
    &[[0, 0, -6, -5], [-2, -2, -8, -7], [-4, -4, -10, -9], [-9, -5, -12, -11], [-8, -1, -9, -2]],
    // Breakaway.
    &[[0, 1, -13, -12], [-15, -14, -19, -18], [-19, -16, -22, -20], [-21, -18, -24, -23], [-22, -12, -23, -13]],
    // Rising three methods.
    &[[0, 17, -1, 16], [15, 16, 12, 13], [13, 14, 10, 11], [11, 12, 8, 9], [10, 23, 9, 22]],
    // Identical three crows.
    &[[0, 1, -8, -8], [-8, -7, -16, -16], [-16, -15, -24, -24]],
    // Three black crows.
    &[[0, 3, -1, 2], [1, 2, -7, -7], [-3, -2, -13, -13], [-9, -8, -20, -20]],
    // Morning doji star.
    &[[0, 1, -13, -12], [-15, -14, -17, -15], [-12, -1, -13, -2]],
    // Three white soldiers.
    &[[0, 8, -1, 8], [6, 14, 5, 14], [12, 20, 11, 20]],
    // Advance block.
    &[[0, 12, -1, 12], [10, 18, 9, 17], [16, 24, 15, 19]],
    // Stalled pattern.
    &[[0, 10, -1, 10], [8, 20, 7, 20], [20, 22, 19, 21]],
    // Unique three river.
    &[[0, 1, -14, -12], [-2, -1, -18, -8], [-11, -9, -12, -10]],
    // Tristar.
    &[[0, 2, -2, 0], [5, 7, 3, 5], [2, 4, 0, 2]],
    // Upside gap two crows.
    &[[0, 13, -1, 12], [15, 17, 13, 14], [18, 19, 12, 13]],
    // Two crows.
    &[[0, 13, -1, 12], [16, 17, 13, 14], [15, 16, 4, 5]],
    // Three-line strike.
    &[[0, 5, -1, 4], [2, 8, 1, 7], [5, 11, 4, 10], [12, 13, -4, -3]],
    // Modified hikkake with its confirmation.
    &[[0, 10, -10, 1], [0, 8, -8, -7], [-2, 4, -4, 2], [0, 3, -5, -3], [0, 6, -2, 5]],
];

/// How a stretch of bars goes: reach of gaps, of bodies, of shadows, and which way.
#[derive(Clone, Copy)]
struct Mood {
    gap: i64,
    body: i64,
    shadow: i64,
    drift: i64,
}

const MOODS: [Mood; 8] = [
    Mood { gap: 1, body: 4, shadow: 4, drift: 0 },
    Mood { gap: 3, body: 5, shadow: 2, drift: 0 },
    Mood { gap: 8, body: 12, shadow: 6, drift: 0 },
    Mood { gap: 2, body: 1, shadow: 5, drift: 0 },
    Mood { gap: 3, body: 4, shadow: 2, drift: 3 },
    Mood { gap: 3, body: 4, shadow: 2, drift: -3 },
    Mood { gap: 0, body: 0, shadow: 0, drift: 0 },
    Mood { gap: 40, body: 60, shadow: 40, drift: 0 },
];

/// Size of a step: exact ones, and ones that binary fractions only come near.
const STEPS: [f64; 5] = [1.0, 0.25, 0.1, 0.01, 0.3];

/// The bars.
pub(crate) fn bars(seed: u64, count: usize) -> Vec<Candle> {
    let mut rng = Rng(seed);
    let mut bars = Vec::with_capacity(count + 64);
    while bars.len() < count {
        let step = STEPS[rng.below(5) as usize];
        let mut close = rng.within(400, 4_000);
        for _ in 0..rng.within(1, 12) {
            stretch(&mut rng, &mut bars, &mut close, step);
            shape(&mut rng, &mut bars, &mut close, step);
        }
    }
    bars.truncate(count);
    bars
}

fn stretch(rng: &mut Rng, bars: &mut Vec<Candle>, close: &mut i64, step: f64) {
    let mood = MOODS[rng.below(8) as usize];
    for _ in 0..rng.within(3, 40) {
        let open = *close + rng.within(-mood.gap, mood.gap);
        *close = open + rng.within(-mood.body, mood.body) + mood.drift;
        let (high, low) =
            (open.max(*close) + rng.within(0, mood.shadow), open.min(*close) - rng.within(0, mood.shadow));
        // Off every grid now and then: what is nearly equal must not count as equal.
        let noise = if rng.one_in(20) { rng.next() as f64 / 1e21 } else { 0.0 };
        bars.push(candle([open, high, low, *close], step, noise));
    }
    *close = (*close).clamp(400, 40_000);
}

fn shape(rng: &mut Rng, bars: &mut Vec<Candle>, close: &mut i64, step: f64) {
    let (shape, way) = (SHAPES[rng.below(20) as usize], if rng.one_in(2) { 1 } else { -1 });
    let base = *close;
    for bar in shape {
        let jittered = bar.map(|offset| offset + if rng.one_in(10) { rng.within(-1, 1) } else { 0 });
        let [open, high, low, last] = jittered.map(|offset| base + way * offset);
        let (high, low) = (high.max(low).max(open).max(last), high.min(low).min(open).min(last));
        bars.push(candle([open, high, low, last], step, 0.0));
        *close = last;
    }
}

fn candle(steps: [i64; 4], step: f64, noise: f64) -> Candle {
    let [open, high, low, close] = steps.map(|steps| steps as f64 * step);
    Candle { open, high: high + noise, low, close }
}
