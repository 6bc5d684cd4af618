//! Every interleaving of the fence's own `step` with writers, clients, frozen and doubled workers, lost answers, a
//! taking back and crashes of either server, on a model of the two databases.
//!
//! Never are both sides open; whatever was acknowledged is durable on the open side; and from every state one writable
//! side can be reached. Each way of breaking the protocol must be found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "model/explore.rs"]
mod explore;
#[path = "model/steps.rs"]
mod steps;
#[path = "model/world.rs"]
mod world;

use explore::{Explored, Model, explore};
use std::time::Instant;
use steps::{Bounds, Next, Rules, What};
use world::{Broken, Database, Entry, Row, Stream, World};

/// The fence, perhaps broken on purpose.
struct Fence(Rules);

impl Model for Fence {
    type State = World;
    type What = What;

    fn first(&self) -> World {
        let bounds = self.0.bounds;
        let source = Database { row: Row { owner: true, ..Row::default() }, ..Database::default() };
        let forward = Stream { slot: Some(0), subscription: Some(true), ..Stream::default() };
        World {
            sides: [source, Database::default()],
            streams: [forward, Stream::default()],
            way: 0,
            acknowledged: 0,
            late: None,
            runs: [1, 1],
            workers: vec![steps::worker(1, 0, bounds)],
            writes_left: bounds.writes,
            crashes_left: bounds.crashes,
            lost_left: bounds.lost,
            refusals_left: bounds.refusals,
            turns_left: bounds.turns,
        }
    }

    fn successors(&self, world: &World) -> Next {
        let mut next = steps::all(world, self.0);
        for (_, world) in &mut next {
            world.normalise(self.0.broken);
        }
        next.retain(|(_, after)| after != world);
        next
    }

    fn wrong(&self, world: &World) -> Option<&'static str> {
        let lacks = |side: &Database| {
            let durable = &side.wal[..side.flushed];
            side.row.owner && (0..world.acknowledged).any(|id| !durable.contains(&Entry::Write(id)))
        };
        let doubles = |side: &Database| {
            let times = |id| side.wal.iter().filter(|entry| **entry == Entry::Write(id)).count();
            (0..world.acknowledged).any(|id| times(id) > 1)
        };
        match () {
            () if world.sides.iter().all(|side| side.row.owner) => Some("both sides are open"),
            () if world.sides.iter().any(lacks) => Some("an acknowledged write is not durable on the open side"),
            () if world.sides.iter().any(doubles) => Some("a write has come back to where it was"),
            () if world.streams.iter().any(Stream::is_torn) => Some("a stream runs without its slot"),
            () => None,
        }
    }

    /// One side is open, and if there is a way back, changes flow to the other.
    fn is_good(&self, world: &World) -> bool {
        let Some(owner) = world.sides.iter().position(|side| side.row.owner) else { return false };
        self.0.bounds.turns == 0 || world.streams[owner].subscription == Some(true)
    }

    fn tell(&self, before: &World, what: &What) -> String {
        let at = |w: &usize| format!("{w}, way {}: {:?}", before.workers[*w].way, before.workers[*w].worker.at);
        match what {
            What::Answered(w, event) => format!("{} -> {event:?}", at(w)),
            What::Unanswered(w) => format!("{}, the answer is lost", at(w)),
            What::Unheard(w) => format!("{} never arrives", at(w)),
            What::Refused(w) => format!("{} is refused", at(w)),
            What::Else(what) => (*what).to_owned(),
        }
    }
}

fn explored(broken: Broken, bounds: Bounds) -> Explored {
    explore(&Fence(Rules { broken, bounds }))
}

/// One worker, one write, no accident.
const QUIET: Bounds = Bounds { writes: 1, crashes: 0, lost: 0, refusals: 0, workers: 1, turns: 0, late: false };

/// The number of states is pinned: a protocol that does something else has another one, and whoever changes it looks here.
fn is_sound(name: &str, bounds: Bounds, states: usize) {
    let begun = Instant::now();
    let explored = explored(Broken::Nothing, bounds);
    println!("{name}: {} states in {:.1} s", explored.states, begun.elapsed().as_secs_f64());
    if let Some((what, trace)) = explored.violation {
        panic!("{what}:\n  {}", trace.join("\n  "));
    }
    assert_eq!(explored.stuck, 0, "states from which no side can be opened, or no stream leads back");
    assert_eq!(explored.states, states, "{name}: another number of states");
}

#[test]
fn one_worker_with_lost_answers_and_crashes() {
    is_sound("one worker", Bounds { writes: 2, crashes: 1, lost: 2, ..QUIET }, 16_010);
}

#[test]
fn two_workers_one_of_them_frozen_at_any_moment() {
    is_sound("two workers", Bounds { workers: 2, ..QUIET }, 25_907);
}

#[test]
fn three_workers_two_of_them_frozen_at_any_moment() {
    is_sound("three workers", Bounds { workers: 3, ..QUIET }, 1_322_923);
}

#[test]
fn two_crashes_and_two_workers() {
    is_sound("two crashes, two workers", Bounds { crashes: 2, workers: 2, ..QUIET }, 140_357);
}

#[test]
fn a_taking_back_racing_with_clients() {
    is_sound("taking back", Bounds { crashes: 1, lost: 1, refusals: 1, ..QUIET }, 11_816);
}

#[test]
fn a_taking_back_by_one_of_two_workers() {
    is_sound("taking back, two workers", Bounds { refusals: 1, workers: 2, ..QUIET }, 75_310);
}

/// All at once.
#[test]
fn two_workers_a_crash_a_lost_answer_and_a_taking_back() {
    is_sound("everything", Bounds { crashes: 1, lost: 1, refusals: 1, workers: 2, ..QUIET }, 1_402_885);
}

/// To the target, back to the source, to the target again, with writes on either side.
#[test]
fn there_and_back_and_there_again() {
    is_sound("turns", Bounds { writes: 3, turns: 2, ..QUIET }, 122_096);
}

#[test]
fn a_rollback_with_a_lost_answer_and_a_crash() {
    is_sound("rollback", Bounds { writes: 2, crashes: 1, lost: 1, turns: 1, late: true, ..QUIET }, 570_951);
}

#[test]
fn a_rollback_with_two_crashes() {
    is_sound("rollback, two crashes", Bounds { writes: 2, crashes: 2, turns: 1, ..QUIET }, 79_566);
}

/// Long enough for what belongs to one turn to come in the next but one.
#[test]
fn there_and_back_and_there_again_with_a_late_statement() {
    is_sound("turns, late", Bounds { lost: 1, turns: 2, late: true, ..QUIET }, 82_246);
}

#[test]
fn a_rollback_that_is_taken_back() {
    is_sound("rollback taken back", Bounds { writes: 1, crashes: 1, refusals: 1, turns: 1, ..QUIET }, 37_902);
}

#[test]
fn a_rollback_by_two_workers_one_of_them_frozen_at_any_moment() {
    is_sound("rollback, two workers", Bounds { writes: 2, turns: 1, workers: 2, ..QUIET }, 1_722_918);
}

/// What it takes to show each one is part of what is tested.
#[test]
fn every_way_of_breaking_the_protocol_is_found() {
    let turn = Bounds { turns: 1, ..QUIET };
    let all = [
        (Broken::NoLock, QUIET),
        (Broken::OpenBeforeCommit, QUIET),
        (Broken::TokenNotAwaited, QUIET),
        (Broken::TokenBeforeLock, QUIET),
        (Broken::NoReread, Bounds { crashes: 1, ..QUIET }),
        (Broken::NoFlush, Bounds { crashes: 1, ..QUIET }),
        (Broken::TakeBackKeepsArmed, Bounds { refusals: 1, ..QUIET }),
        (Broken::AsyncTakeBack, Bounds { refusals: 1, crashes: 1, ..QUIET }),
        (Broken::NoHashCheck, Bounds { refusals: 1, workers: 2, ..QUIET }),
        (Broken::NoRunFencing, Bounds { workers: 2, ..QUIET }),
        (Broken::SlotOutlives(0), turn),
        (Broken::SlotOutlives(1), turn),
        (Broken::RollbackWithoutTokens, turn),
        (Broken::NoPosition, turn),
        (Broken::FlushedPosition, turn),
        (Broken::FlushUnheld, Bounds { lost: 1, late: true, ..turn }),
        (Broken::AdvanceUnchecked, Bounds { lost: 1, late: true, ..turn }),
        (Broken::RunKept, Bounds { lost: 1, late: true, ..turn }),
        (Broken::ExchangeUnchecked, Bounds { lost: 1, late: true, ..turn }),
        (Broken::WayBackMadeAnew, Bounds { workers: 2, ..turn }),
    ];
    for (broken, bounds) in all {
        let explored = explored(broken, bounds);
        let stuck = (explored.stuck > 0).then(|| ("no side can be opened any more", vec![]));
        let found = explored.violation.or(stuck);
        let (what, trace) = found.unwrap_or_else(|| panic!("{broken:?}: not in {} states", explored.states));
        println!("{broken:?}: {what} after {} steps, {} states", trace.len(), explored.states);
    }
}
