//! What a person may change about the demo. In: options of the command line. Out: the load, the sample and the bar that follow from them. Pure.

use super::bar::Bar;
use super::kills::Victim;
use super::split::{self, Sample};
use super::traffic::Wish;

/// Rows over the three domains by default; identity's part is more than 200 MB with its indexes.
const ROWS: u64 = 1_000_000;
/// The bar of the default size.
const FULL: Bar = Bar {
    seeded: ROWS,
    rows: 500_000,
    bytes: 200_000_000,
    requests: 20_000,
    rate: 200.0,
    undisturbed: true,
    timed: true,
};
/// Journeys per second: enough for each domain to be written to while it moves, few enough for the forms to fill the machine.
pub(super) const JOURNEYS: u32 = 1;
/// The load ends by itself after this many seconds, should this program die.
const LOAD_LIMIT: u64 = 1_200;

/// How long an answer may take where times aren't judged, in seconds.
const PATIENCE: u64 = 15;

/// What a person may change about the demo.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// Rows over all domains; fewer than the default make a quick run with a lower bar
    #[arg(long, default_value_t = ROWS, value_parser = clap::value_parser!(u64).range(100..=20_000_000))]
    pub(super) rows: u64,
    /// Move all five domains, one after the other, not identity alone
    #[arg(long, conflicts_with = "kill")]
    pub(super) all: bool,
    /// Forms per second; 230 unless told, 120 while all domains move
    #[arg(long, value_parser = clap::value_parser!(u32).range(10..=1_000))]
    pub(super) rate: Option<u32>,
    /// Requests before the load is stopped, at least
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=200_000))]
    pub(super) requests: u64,
    /// Kill this one's pod in every phase of the split; the pause and the pods are then not judged
    #[arg(long)]
    pub(super) kill: Option<Victim>,
    /// Have people fill in forms of the portals with a browser meanwhile, and judge whether anybody is shown an error; rate and pause are then not judged
    #[arg(long)]
    pub(super) browse: bool,
    /// Judge rate and pause too: a test must not, for its machine may be busy with anything.
    #[arg(skip = true)]
    timed: bool,
}

impl Args {
    /// The demo on a data set small enough for a test, undisturbed or with `kill`ed pods.
    pub(crate) fn small(kill: Option<Victim>) -> Self {
        // People with a browser take a good part of two processors.
        let (is_calm, rate) = (kill.is_none(), if kill.is_none() { 40 } else { 200 });
        Self { rows: 20_000, all: is_calm, rate: Some(rate), requests: 2_000, kill, browse: is_calm, timed: false }
    }

    pub(super) fn sample(&self) -> Sample {
        if self.all { split::ALL } else { split::IDENTITY }
    }

    /// What two cores carry beside everything else: five moves in a row keep them busy for minutes.
    pub(super) fn rate(&self) -> u32 {
        self.rate.unwrap_or(if self.all { 120 } else { 230 })
    }

    /// Browsers take from the machine what is to be measured.
    fn is_timed(&self) -> bool {
        self.timed && !self.browse
    }

    /// On a machine that does everything else too, an answer may take seconds when five databases start at once. Whoever judges times doesn't wait that long.
    pub(super) fn load(&self) -> Wish {
        let timeout_seconds = (!self.is_timed()).then_some(PATIENCE);
        let (rate, seed_rows) = (self.rate(), self.rows);
        Wish { rate, journeys: JOURNEYS, seed_rows, max_seconds: LOAD_LIMIT, timeout_seconds }
    }

    /// A smaller demo has a bar in proportion; the default has the one it is made for.
    pub(super) fn bar(&self) -> Bar {
        let full = self.rows >= ROWS;
        Bar {
            seeded: self.rows,
            rows: if full { FULL.rows } else { self.rows / 2 },
            bytes: if full { FULL.bytes } else { 1 },
            requests: self.requests,
            rate: (f64::from(self.rate()) * 0.95).min(FULL.rate),
            undisturbed: self.kill.is_none(),
            timed: self.is_timed() && self.kill.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(rows: u64, rate: Option<u32>) -> Args {
        Args { rows, all: false, rate, requests: 20_000, kill: None, browse: false, timed: true }
    }

    #[test]
    fn the_default_size_has_the_full_bar() {
        assert_eq!(args(ROWS, None).bar(), FULL);
    }

    #[test]
    fn a_small_demo_still_has_a_bar() {
        let bar = args(20_000, Some(50)).bar();
        assert_eq!((bar.seeded, bar.rows, bar.requests), (20_000, 10_000, 20_000));
        assert!((bar.rate - 47.5).abs() < 1e-9);
    }
}
