//! What is to happen in one run: its story, and which disturbances at which moments. A seed says everything.
//!
//! In: a seed. Out: a plan. Pure: the same seed gives the same plan on every machine, whatever can be done there.

use super::way::{Leg, Segment, Story, segments};
pub use super::wire::Link;
use rerp_split::phase::Phase;
use rerp_split::spec::Side;
use std::fmt;

/// Chance that can be repeated, whatever becomes of the libraries: SplitMix64.
#[derive(Clone)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Which of `weights` it is.
    fn weighed(&mut self, weights: &[usize]) -> usize {
        let mut at = self.below(weights.iter().sum());
        weights
            .iter()
            .position(|weight| {
                let here = at < *weight;
                at = at.saturating_sub(*weight);
                here
            })
            .unwrap()
    }
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `pg_terminate_backend`.
    Terminated,
    /// SIGKILL to its process, after which the server begins anew.
    Killed,
}

/// Whose session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    Walsender,
    ApplyWorker,
    Worker,
    Writer,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    WorkerKilled,
    /// SIGSTOP; SIGCONT when it has been replaced for a while, or when all is over.
    WorkerFrozen,
    /// Another one beside it.
    WorkerDoubled,
    Ends(Session, End),
    /// SIGKILL to the postmaster.
    Crash(Side),
    /// Connections end, and new ones are refused.
    Cut(Link, Side),
    /// Nothing passes; afterwards everything does.
    Stalled(Link, Side),
    /// Nothing more can be written to the server's file system.
    Full(Side),
}

/// How many kinds there are to count.
pub const NAMES: [&str; 11] = [
    "worker killed",
    "worker frozen",
    "worker doubled",
    "walsender ended",
    "apply worker ended",
    "session of the worker ended",
    "session of a writer ended",
    "server killed",
    "network cut",
    "network stalled",
    "disk full",
];

/// How often each comes up, compared with the others.
const WEIGHTS: [usize; NAMES.len()] = [4, 3, 3, 2, 2, 2, 1, 4, 3, 2, 3];

impl Kind {
    /// The name that it is counted by.
    pub fn name(self) -> &'static str {
        NAMES[match self {
            Self::WorkerKilled => 0,
            Self::WorkerFrozen => 1,
            Self::WorkerDoubled => 2,
            Self::Ends(Session::Walsender, _) => 3,
            Self::Ends(Session::ApplyWorker, _) => 4,
            Self::Ends(Session::Worker, _) => 5,
            Self::Ends(Session::Writer, _) => 6,
            Self::Crash(_) => 7,
            Self::Cut(..) => 8,
            Self::Stalled(..) => 9,
            Self::Full(_) => 10,
        }]
    }

    /// What a worker that is armed for it does at its place.
    pub fn action(self) -> &'static str {
        match self {
            Self::WorkerKilled => "kill",
            Self::WorkerFrozen => "freeze",
            _ => "wait",
        }
    }

    /// Whether another worker begins after it, which can be armed.
    fn replaces(self) -> bool {
        matches!(self, Self::WorkerKilled | Self::WorkerFrozen | Self::WorkerDoubled)
    }

    /// Where no stream runs, the worker's own sessions are what can be ended.
    fn in_phase(self, phase: Phase) -> Self {
        use Phase::{CatchUp, Cutover, Observe, ReadyForCutover, RollingBack, Verify};
        let streams = matches!(phase, CatchUp | Verify | ReadyForCutover | Cutover | Observe | RollingBack);
        match self {
            Self::Ends(Session::Walsender | Session::ApplyWorker, end) if !streams => Self::Ends(Session::Worker, end),
            other => other,
        }
    }

    fn draw(rng: &mut Rng) -> Self {
        let kind = rng.weighed(&WEIGHTS);
        // Drawn whether or not they are needed: what one run draws doesn't depend on the order of the kinds.
        let (side, other, end) = (rng.below(2), rng.below(2), rng.below(4));
        let side = if side == 0 { Side::Source } else { Side::Target };
        let link = if other == 0 { Link::Between } else { Link::Worker };
        let end = if end == 0 { End::Killed } else { End::Terminated };
        match kind {
            0 => Self::WorkerKilled,
            1 => Self::WorkerFrozen,
            2 => Self::WorkerDoubled,
            3 => Self::Ends(Session::Walsender, end),
            4 => Self::Ends(Session::ApplyWorker, end),
            5 => Self::Ends(Session::Worker, end),
            6 => Self::Ends(Session::Writer, end),
            7 => Self::Crash(side),
            8 => Self::Cut(link, side),
            9 => Self::Stalled(link, side),
            _ => Self::Full(side),
        }
    }
}

/// When, within its segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The worker has come to this place, and stands there until it has begun.
    Place(String),
    /// So long after the phase was seen, in milliseconds.
    After(u64),
}

/// One disturbance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// Which segment of the story.
    pub segment: usize,
    pub at: At,
    pub kind: Kind,
    /// How long it lasts.
    pub ms: u64,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    pub story: Story,
    /// Clients open a side whose proof they read, as services do; or only a worker does.
    pub clients_open: bool,
    pub segments: Vec<Segment>,
    pub disturbances: Vec<Disturbance>,
    /// Picks the versions of both servers among those that are there.
    pub versions: [usize; 2],
}

/// Fewest disturbances of a run, and how many chance adds at most.
const FEWEST: usize = 2;
const MORE: usize = 2;
/// Of four moments, so many are places where a worker can be armed for them.
const PLACES_OF_FOUR: usize = 3;
/// Shortest disturbance, and what chance adds.
const SHORTEST_MS: u64 = 100;
const LONGER_MS: usize = 1_900;

impl Plan {
    /// What the seed says.
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let story = Story::draw(&mut rng);
        let clients_open = rng.below(2) == 0;
        let versions = [rng.below(1 << 16), rng.below(1 << 16)];
        let segments = segments(story);
        let count = FEWEST + rng.below(MORE + 1);
        let weights: Vec<usize> = segments.iter().map(|segment| weight(segment.phase)).collect();
        let mut spots: Vec<(usize, usize)> = (0..count)
            .map(|_| {
                let segment = rng.weighed(&weights);
                (segment, rng.below(segments[segment].places.len()))
            })
            .collect();
        spots.sort_unstable();
        let (mut armed, mut leg) = (true, segments[0].leg);
        let mut disturbances = Vec::new();
        for (segment, place) in spots {
            let kind = Kind::draw(&mut rng).in_phase(segments[segment].phase);
            let (place_is_it, delay, longer) = (rng.below(4) < PLACES_OF_FOUR, rng.below(300), rng.below(LONGER_MS));
            // A new leg begins with a worker that is armed for it.
            armed |= leg != segments[segment].leg;
            leg = segments[segment].leg;
            let at = if armed && place_is_it {
                At::Place(segments[segment].places[place].clone())
            } else {
                At::After(delay as u64)
            };
            // A worker that has passed its place has nothing armed any more.
            armed = kind.replaces() || (armed && matches!(at, At::After(_)));
            disturbances.push(Disturbance { segment, at, kind, ms: SHORTEST_MS + longer as u64 });
        }
        Self { seed, story, clients_open, segments, disturbances, versions }
    }

    /// The place that a worker is armed for which begins in `leg`: the first one of the leg, of those that are left, that comes before another worker
    /// does. What a later leg passes again would be met too early.
    pub fn place(&self, leg: Option<Leg>) -> Option<&Disturbance> {
        let left = self.disturbances.iter();
        let of_leg = |disturbance: &&Disturbance| Some(self.segments[disturbance.segment].leg) == leg;
        let mut left = left.take_while(of_leg).skip_while(|next| !next.waits() && !next.kind.replaces());
        left.next().filter(|next| next.waits())
    }

    /// A line for a person.
    pub fn tell(&self, disturbance: &Disturbance) -> String {
        let Segment { leg, phase, .. } = &self.segments[disturbance.segment];
        let back = if matches!(leg, Leg::Forward) { " again" } else { "" };
        format!("{phase}{back} {disturbance}")
    }
}

impl Disturbance {
    /// Whether the worker stands at a place until it has begun.
    pub fn waits(&self) -> bool {
        matches!(self.at, At::Place(_))
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            At::Place(place) => write!(f, "at {place}")?,
            At::After(ms) => write!(f, "after {ms} ms")?,
        }
        write!(f, ": {:?} for {} ms", self.kind, self.ms)
    }
}

/// Where most can go wrong, most is tried.
fn weight(phase: Phase) -> usize {
    match phase {
        Phase::Cutover | Phase::RollingBack => 8,
        Phase::Copy => 3,
        Phase::Prepare | Phase::CatchUp | Phase::Aborting | Phase::Observe => 2,
        _ => 1,
    }
}
