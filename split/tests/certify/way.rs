//! The stories that runs tell, and the way through each: legs with their wishes, phases, and the named places in them.
//!
//! In: the order of places (`chaos/points.rs`). Out: segments, each a phase of a leg with its places. Pure.

use super::plan::Rng;
use super::points::{BACK, BACK_AGAIN, THERE, THERE_AGAIN, way};
use rerp_split::phase::Phase;

/// What becomes of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// To the target for good, with a way back on the way or without.
    Completed { way_back: bool },
    /// Taken back from this phase on.
    Aborted { from: Phase },
    /// To the target and back, then taken back.
    Back,
    /// To the target, back, and to the target again for good.
    Forth,
}

/// Up to where one wish leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// As far as this phase; nothing beyond it is wished unless it is the end.
    Until(Phase),
    /// A rollback.
    Back,
    /// The rollback undone.
    Forward,
    /// Everything the migration made goes.
    Abort,
    /// From Observe to the end.
    Finish,
}

/// A phase on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub leg: Leg,
    pub phase: Phase,
    pub places: Vec<String>,
}

/// Where it is decided who owns: each is as likely as this many others.
const DECISIVE: [&str; 7] = [
    "F3Lock.after",
    "F7Flush.after",
    "F8Close.before",
    "F8Close.after",
    "F9Proof.after",
    "F9Open.before",
    "F9Open.after",
];
const AS_LIKELY_AS: usize = 4;

/// The phases from which a run is taken back.
const ABORTED_FROM: [Phase; 5] = [Phase::Prepare, Phase::Copy, Phase::CatchUp, Phase::Verify, Phase::ReadyForCutover];

impl Story {
    /// Two of five go to the target, one is taken back, two come back.
    pub fn draw(rng: &mut Rng) -> Self {
        let (story, way_back, from) = (rng.below(5), rng.below(2) == 0, rng.below(ABORTED_FROM.len()));
        match story {
            0 | 1 => Self::Completed { way_back },
            2 => Self::Aborted { from: ABORTED_FROM[from] },
            3 => Self::Back,
            _ => Self::Forth,
        }
    }

    /// What is wished, one after the other.
    pub fn legs(self) -> Vec<Leg> {
        match self {
            Self::Completed { .. } => vec![Leg::Until(Phase::Completed)],
            Self::Aborted { from } => vec![Leg::Until(from), Leg::Abort],
            Self::Back => vec![Leg::Until(Phase::Observe), Leg::Back, Leg::Abort],
            Self::Forth => vec![Leg::Until(Phase::Observe), Leg::Back, Leg::Forward, Leg::Finish],
        }
    }

    /// Whether a stream leads back.
    pub fn has_way_back(self) -> bool {
        matches!(self, Self::Completed { way_back: true } | Self::Back | Self::Forth)
    }

    /// Whether the target has the data in the end.
    pub fn ends_at_target(self) -> bool {
        matches!(self, Self::Completed { .. } | Self::Forth)
    }

    /// For a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed { way_back: false } => "completed",
            Self::Completed { way_back: true } => "completed with a way back",
            Self::Aborted { .. } => "aborted",
            Self::Back => "there and back",
            Self::Forth => "there, back and there again",
        }
    }
}

/// All phases of a story that have places, in their order.
pub fn segments(story: Story) -> Vec<Segment> {
    let forward = phases(&way());
    let of = |leg: Leg, wanted: &dyn Fn(Phase) -> bool| {
        let kept = forward.iter().filter(|(phase, _)| wanted(*phase));
        kept.map(move |(phase, places)| Segment { leg, phase: *phase, places: places.clone() }).collect::<Vec<_>>()
    };
    let named = |points: &[&str]| points.iter().map(|&point| point.to_owned()).collect::<Vec<_>>();
    let mut all = Vec::new();
    for leg in story.legs() {
        match leg {
            // What it is wished to come to is where the next wish begins.
            Leg::Until(Phase::Completed) => all.extend(of(leg, &|_| true)),
            Leg::Until(last) => all.extend(of(leg, &|phase| phase < last)),
            Leg::Back => {
                let mut places = fence(&forward);
                places.extend(named(BACK_AGAIN));
                places.retain(|place| !place.starts_with("RolledBack"));
                all.push(Segment { leg, phase: Phase::RollingBack, places });
            }
            Leg::Forward => {
                let mut places = fence(&forward);
                places.extend(named(THERE_AGAIN));
                all.push(Segment { leg, phase: Phase::Cutover, places });
            }
            Leg::Abort => all.push(Segment { leg, phase: Phase::Aborting, places: named(BACK) }),
            Leg::Finish => all.extend(of(leg, &|phase| phase == Phase::Finalize)),
        }
    }
    if story.has_way_back()
        && let Some(cutover) = all.iter_mut().find(|segment| segment.phase == Phase::Cutover)
    {
        cutover.places.extend(named(THERE));
    }
    for segment in &mut all {
        let decisive = |place: &String| DECISIVE.contains(&place.as_str());
        let again = segment.places.iter().filter(|place| decisive(place));
        let again: Vec<String> = again.flat_map(|place| vec![place.clone(); AS_LIKELY_AS - 1]).collect();
        // In their order, for of two places in a segment the earlier one comes first.
        for place in again {
            let at = segment.places.iter().position(|known| *known == place).unwrap();
            segment.places.insert(at, place);
        }
    }
    all
}

/// The statements of the fence, which a turn passes as the cutover does.
fn fence(forward: &[(Phase, Vec<String>)]) -> Vec<String> {
    let cutover = forward.iter().find(|(phase, _)| *phase == Phase::Cutover).unwrap();
    let of_the_fence = |place: &&String| place.contains('.') && !place.starts_with("Cutover");
    cutover.1.iter().filter(of_the_fence).cloned().collect()
}

/// Places by the phase that they are in: that of the last `<Phase>.before`.
fn phases(way: &[String]) -> Vec<(Phase, Vec<String>)> {
    let mut all: Vec<(Phase, Vec<String>)> = Vec::new();
    for place in way {
        if let Some(phase) = Phase::ALL.into_iter().find(|phase| *place == format!("{phase}.before")) {
            all.push((phase, Vec::new()));
        }
        all.last_mut().unwrap().1.push(place.clone());
    }
    all
}
