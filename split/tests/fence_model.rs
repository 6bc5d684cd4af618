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
use steps::{Bounds, Next, What};
use world::{Broken, Entry, Row, World};

/// The fence, perhaps broken on purpose.
struct Fence {
    broken: Broken,
    bounds: Bounds,
}

impl Model for Fence {
    type State = World;
    type What = What;

    fn first(&self) -> World {
        let bounds = self.bounds;
        World {
            source: Row { owner: true, ..Row::default() },
            target: Row::default(),
            target_on_disk: None,
            a: None,
            take: None,
            committed: None,
            leaked: None,
            in_flight: false,
            log: vec![],
            applied: 0,
            flushed: 0,
            on_target: 0,
            runs: [1, 1],
            workers: vec![steps::worker(1)],
            writes_left: bounds.writes,
            crashes_left: bounds.crashes,
            lost_left: bounds.lost,
            refusals_left: bounds.refusals,
        }
    }

    fn successors(&self, world: &World) -> Next {
        let mut next = steps::all(world, self.broken, self.bounds);
        for (_, world) in &mut next {
            world.normalise();
        }
        next.retain(|(_, after)| after != world);
        next
    }

    fn wrong(&self, world: &World) -> Option<&'static str> {
        let durable = world.log[..world.flushed].iter().filter(|entry| **entry == Entry::Write).count();
        let acknowledged = world.log.iter().filter(|entry| **entry == Entry::Write).count();
        match () {
            () if world.source.owner && world.target.owner => Some("both sides are open"),
            () if world.target.owner && durable < acknowledged => Some("a write is not durable on the open target"),
            () if world.source.owner && world.on_target > 0 => Some("a write of the target is not on the open source"),
            () => None,
        }
    }

    fn is_good(&self, world: &World) -> bool {
        world.source.owner || world.target.owner
    }

    fn tell(&self, before: &World, what: &What) -> String {
        let at = |w: &usize| format!("{w}: {:?}", before.workers[*w].worker.at);
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
    explore(&Fence { broken, bounds })
}

/// The number of states is pinned: a protocol that does something else has another one, and whoever changes it looks here.
fn is_sound(name: &str, bounds: Bounds, states: usize) {
    let begun = Instant::now();
    let explored = explored(Broken::Nothing, bounds);
    println!("{name}: {} states in {:.1} s", explored.states, begun.elapsed().as_secs_f64());
    if let Some((what, trace)) = explored.violation {
        panic!("{what}:\n  {}", trace.join("\n  "));
    }
    assert_eq!(explored.stuck, 0, "states from which no side can be opened");
    assert_eq!(explored.states, states, "{name}: another number of states");
}

#[test]
fn one_worker_with_lost_answers_and_crashes() {
    is_sound("one worker", Bounds { writes: 2, crashes: 1, lost: 2, refusals: 0, workers: 1 }, 16_010);
}

#[test]
fn two_workers_one_of_them_frozen_at_any_moment() {
    is_sound("two workers", Bounds { writes: 1, crashes: 0, lost: 0, refusals: 0, workers: 2 }, 25_877);
}

#[test]
fn a_taking_back_racing_with_clients() {
    is_sound("taking back", Bounds { writes: 1, crashes: 1, lost: 1, refusals: 1, workers: 1 }, 11_816);
}

#[test]
fn a_taking_back_by_one_of_two_workers() {
    is_sound("taking back, two workers", Bounds { writes: 1, crashes: 0, lost: 0, refusals: 1, workers: 2 }, 75_244);
}

/// All at once.
#[test]
fn two_workers_a_crash_a_lost_answer_and_a_taking_back() {
    is_sound("everything", Bounds { writes: 1, crashes: 1, lost: 1, refusals: 1, workers: 2 }, 1_398_969);
}

/// What it takes to show each one is part of what is tested.
#[test]
fn every_way_of_breaking_the_protocol_is_found() {
    let quiet = Bounds { writes: 1, crashes: 0, lost: 0, refusals: 0, workers: 1 };
    let all = [
        (Broken::NoLock, quiet),
        (Broken::OpenBeforeCommit, quiet),
        (Broken::TokenNotAwaited, quiet),
        (Broken::TokenBeforeLock, quiet),
        (Broken::NoReread, Bounds { crashes: 1, ..quiet }),
        (Broken::NoFlush, Bounds { crashes: 1, ..quiet }),
        (Broken::TakeBackKeepsArmed, Bounds { refusals: 1, ..quiet }),
        (Broken::AsyncTakeBack, Bounds { refusals: 1, crashes: 1, ..quiet }),
        (Broken::NoHashCheck, Bounds { refusals: 1, workers: 2, ..quiet }),
        (Broken::NoRunFencing, Bounds { workers: 2, ..quiet }),
    ];
    for (broken, bounds) in all {
        let explored = explored(broken, bounds);
        let stuck = (explored.stuck > 0).then(|| ("no side can be opened any more", vec![]));
        let found = explored.violation.or(stuck);
        let (what, trace) = found.unwrap_or_else(|| panic!("{broken:?}: not in {} states", explored.states));
        println!("{broken:?}: {what} after {} steps, {} states", trace.len(), explored.states);
    }
}
