//! Every interleaving of the fence's own `step` with writers, clients, frozen and doubled workers, lost answers, a
//! taking back and crashes of either server, on a model of the two databases.
//!
//! Never are both sides open; whatever was acknowledged is durable on the open side; and from every state one writable
//! side can be reached. Each way of breaking the protocol must be found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "model/explore.rs"]
mod explore;
#[path = "model/world.rs"]
mod world;

use explore::{Explored, Model, explore};
use rerp_split::fence::{Event, Place, Stmt, Worker};
use std::time::Instant;
use world::{Broken, Entry, Row, Slot, World};

/// What may happen besides the first worker's own steps.
#[derive(Clone, Copy)]
struct Bounds {
    writes: u8,
    crashes: u8,
    lost: u8,
    refusals: u8,
    workers: usize,
}

/// The fence, perhaps broken on purpose.
struct Fence {
    broken: Broken,
    bounds: Bounds,
}

/// One step.
#[derive(Debug)]
enum What {
    /// A worker's statement is executed, and answered.
    Answered(usize, Event),
    /// It is executed, and its answer is lost.
    Unanswered(usize),
    /// It never arrives.
    Unheard(usize),
    /// The server refuses it.
    Refused(usize),
    /// Somebody else does something.
    Else(&'static str),
}

type Next = Vec<(What, World)>;

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
            workers: vec![worker(1)],
            writes_left: bounds.writes,
            crashes_left: bounds.crashes,
            lost_left: bounds.lost,
            refusals_left: bounds.refusals,
        }
    }

    fn successors(&self, world: &World) -> Next {
        let mut next = Vec::new();
        for w in 0..world.workers.len() {
            if !world.workers[w].over {
                work(world, w, self.broken, &mut next);
            }
        }
        writers(world, self.broken, &mut next);
        servers(world, &mut next);
        crashes(world, self.broken, &mut next);
        newcomers(world, self.bounds, &mut next);
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

fn worker(run: u8) -> Slot {
    Slot { worker: Worker::new(0, false), run, over: false, early: None }
}

/// A worker's statement: answered, executed without an answer, or never executed.
fn work(world: &World, w: usize, broken: Broken, next: &mut Next) {
    let mut done = world.clone();
    if let Some(event) = done.execute(w, broken) {
        if world.lost_left > 0 {
            let mut lost = done.clone();
            lost.lost_left -= 1;
            lost.answer(w, Event::Lost);
            next.push((What::Unanswered(w), lost));
        }
        done.answer(w, event.clone());
        next.push((What::Answered(w, event), done));
    }
    if world.lost_left > 0 {
        let mut lost = world.clone();
        lost.lost_left -= 1;
        lost.answer(w, Event::Lost);
        next.push((What::Unheard(w), lost));
    }
    if world.refusals_left > 0 && matches!(world.workers[w].worker.at, Stmt::F8Close | Stmt::F9Open(_)) {
        let mut refused = world.clone();
        refused.refusals_left -= 1;
        refused.answer(w, Event::Failed);
        next.push((What::Refused(w), refused));
    }
}

/// Writers on either side, one of them with a transaction that stays open, and clients that open with a proof.
fn writers(world: &World, broken: Broken, next: &mut Next) {
    let mut push = |what, change: &dyn Fn(&mut World) -> bool| {
        let mut after = world.clone();
        if change(&mut after) {
            next.push((What::Else(what), after));
        }
    };
    let may_write = world.source_open() && !world.is_locked();
    if world.writes_left > 0 && may_write && !world.in_flight {
        push("a writer begins on the source", &|after| {
            (after.in_flight, after.writes_left) = (true, after.writes_left - 1);
            true
        });
    }
    if world.in_flight {
        push("the writer commits", &|after| {
            after.in_flight = false;
            after.log.push(Entry::Write);
            true
        });
    }
    if world.writes_left > 0 && world.target.owner {
        push("a writer commits on the target", &|after| {
            (after.on_target, after.writes_left) = (after.on_target + 1, after.writes_left - 1);
            true
        });
    }
    if let Some(proof) = world.source.proof.filter(|_| !world.source.owner) {
        push("a client opens the target", &|after| after.open_target(proof, broken) == Some(true));
    }
    if let Some(proof) = world.leaked {
        push("a late client opens the target", &|after| after.open_target(proof, broken) == Some(true));
    }
    if let Some(proof) = world.target.proof.filter(|_| !world.target.owner && !world.source.owner) {
        push("a client opens the source", &|after| after.open_source(proof, broken) == Some(true));
    }
}

/// The stream goes on, WAL reaches the disk, sessions time out.
fn servers(world: &World, next: &mut Next) {
    let mut push = |what, change: &dyn Fn(&mut World)| {
        let mut after = world.clone();
        change(&mut after);
        next.push((What::Else(what), after));
    };
    if world.applied < world.log.len() {
        push("apply", &|after| after.applied += 1);
    }
    if world.flushed < world.applied || world.target_on_disk.is_some() {
        push("WAL is flushed", &World::flush_target);
    }
    if world.a.is_some() {
        push("A's session ends", &|after| after.a = None);
    }
    if world.take.is_some() {
        push("the taking session ends", &|after| after.take = None);
    }
}

/// A server crashes. What workers had sent to it may have been executed before, may be lost, or comes once it is back.
fn crashes(world: &World, broken: Broken, next: &mut Next) {
    if world.crashes_left == 0 {
        return;
    }
    for (what, places) in
        [("the source crashes", [Place::A, Place::B].as_slice()), ("the target crashes", [Place::Target].as_slice())]
    {
        let mut before = vec![World { crashes_left: world.crashes_left - 1, ..world.clone() }];
        for w in 0..world.workers.len() {
            if !world.workers[w].over && places.contains(&world.workers[w].worker.at.place()) {
                cut_off(w, broken, &mut before);
            }
        }
        for mut after in before {
            if places.contains(&Place::Target) { after.crash_target() } else { after.crash_source() }
            next.push((What::Else(what), after));
        }
    }
}

/// Beside each of `worlds`, those in which the answer to worker `w` is lost.
fn cut_off(w: usize, broken: Broken, worlds: &mut Vec<World>) {
    for mut world in worlds.clone() {
        let mut executed = world.clone();
        if executed.execute(w, broken).is_some() {
            executed.answer(w, Event::Lost);
            worlds.push(executed);
        }
        world.answer(w, Event::Lost);
        worlds.push(world);
    }
}

/// A new worker takes its run on the source, then on the target; open transactions are waited for or ended.
fn newcomers(world: &World, bounds: Bounds, next: &mut Next) {
    let [source, target] = world.runs;
    let mut after = world.clone();
    if source == target && world.workers.len() < bounds.workers {
        (after.runs[0], after.a) = (source + 1, None);
        next.push((What::Else("a new worker takes the source"), after));
    } else if source > target {
        (after.runs[1], after.take) = (source, None);
        after.workers.push(worker(source));
        next.push((What::Else("it takes the target"), after));
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
    is_sound("one worker", Bounds { writes: 2, crashes: 1, lost: 2, refusals: 0, workers: 1 }, 22_155);
}

#[test]
fn two_workers_one_of_them_frozen_at_any_moment() {
    is_sound("two workers", Bounds { writes: 1, crashes: 0, lost: 0, refusals: 0, workers: 2 }, 48_068);
}

#[test]
fn a_taking_back_racing_with_clients() {
    is_sound("taking back", Bounds { writes: 1, crashes: 1, lost: 1, refusals: 1, workers: 1 }, 8_602);
}

#[test]
fn a_taking_back_by_one_of_two_workers() {
    is_sound("taking back, two workers", Bounds { writes: 1, crashes: 0, lost: 0, refusals: 1, workers: 2 }, 79_260);
}

/// All at once.
#[test]
fn two_workers_a_crash_a_lost_answer_and_a_taking_back() {
    is_sound("everything", Bounds { writes: 1, crashes: 1, lost: 1, refusals: 1, workers: 2 }, 0);
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
