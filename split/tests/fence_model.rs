//! Every interleaving of the fence's own `step` with writers, clients, frozen and doubled workers, lost answers and
//! crashes of either server, on a model of the two databases.
//!
//! Never are both sides open; whatever was acknowledged is durable on the open side; and from every state one writable
//! side can be reached. Each way of breaking the protocol must be found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "model/world.rs"]
mod world;

use rerp_split::fence::{Event, Stmt, Worker};
use std::collections::{HashMap, VecDeque};
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

fn begin(bounds: Bounds) -> World {
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

fn worker(run: u8) -> Slot {
    Slot { worker: Worker::new(0, false), run, over: false }
}

/// All states that can follow.
fn successors(world: &World, broken: Broken, bounds: Bounds) -> Vec<(String, World)> {
    let mut next = Vec::new();
    for w in 0..world.workers.len() {
        if !world.workers[w].over {
            work(world, w, broken, &mut next);
        }
    }
    writers(world, broken, &mut next);
    servers(world, &mut next);
    newcomers(world, bounds, &mut next);
    for (_, world) in &mut next {
        world.normalise();
    }
    next.retain(|(_, after)| after != world);
    next
}

/// A worker's statement: answered, executed without an answer, or never executed.
fn work(world: &World, w: usize, broken: Broken, next: &mut Vec<(String, World)>) {
    let stmt = world.workers[w].worker.at.clone();
    let mut done = world.clone();
    if let Some(event) = done.execute(w, broken) {
        if world.lost_left > 0 {
            let mut lost = done.clone();
            lost.lost_left -= 1;
            lost.answer(w, Event::Lost);
            next.push((format!("{w}: {stmt:?}, the answer is lost"), lost));
        }
        done.answer(w, event.clone());
        next.push((format!("{w}: {stmt:?} -> {event:?}"), done));
    }
    if world.lost_left > 0 {
        let mut lost = world.clone();
        lost.lost_left -= 1;
        lost.answer(w, Event::Lost);
        next.push((format!("{w}: {stmt:?} never arrives"), lost));
    }
    if world.refusals_left > 0 && matches!(stmt, Stmt::F9Open(_)) {
        let mut refused = world.clone();
        refused.refusals_left -= 1;
        refused.answer(w, Event::Failed);
        next.push((format!("{w}: {stmt:?} is refused"), refused));
    }
}

/// Writers on either side, one of them with a transaction that stays open, and clients that open with a proof.
fn writers(world: &World, broken: Broken, next: &mut Vec<(String, World)>) {
    let mut push = |what: &str, change: &dyn Fn(&mut World) -> bool| {
        let mut after = world.clone();
        if change(&mut after) {
            next.push((what.to_owned(), after));
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

/// The stream goes on, WAL reaches the disk, sessions time out, servers crash.
fn servers(world: &World, next: &mut Vec<(String, World)>) {
    let mut push = |what: &str, change: &dyn Fn(&mut World)| {
        let mut after = world.clone();
        change(&mut after);
        next.push((what.to_owned(), after));
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
    if world.crashes_left > 0 {
        push("the source crashes", &|after| {
            (after.a, after.in_flight, after.crashes_left) = (None, false, after.crashes_left - 1);
        });
        push("the target crashes", &|after| {
            after.crash_target();
            after.crashes_left -= 1;
        });
    }
}

/// A new worker takes its run on the source, then on the target; open transactions are waited for or ended.
fn newcomers(world: &World, bounds: Bounds, next: &mut Vec<(String, World)>) {
    let [source, target] = world.runs;
    let mut after = world.clone();
    if source == target && world.workers.len() < bounds.workers {
        (after.runs[0], after.a) = (source + 1, None);
        next.push(("a new worker takes the source".to_owned(), after));
    } else if source > target {
        (after.runs[1], after.take) = (source, None);
        after.workers.push(worker(source));
        next.push(("it takes the target".to_owned(), after));
    }
}

/// What must hold in every state.
fn wrong(world: &World) -> Option<&'static str> {
    let durable = world.log[..world.flushed].iter().filter(|entry| **entry == Entry::Write).count();
    let acknowledged = world.log.iter().filter(|entry| **entry == Entry::Write).count();
    match () {
        () if world.source.owner && world.target.owner => Some("both sides are open"),
        () if world.target.owner && durable < acknowledged => Some("a write is not durable on the open target"),
        () if world.source.owner && world.on_target > 0 => Some("a write of the target is not on the open source"),
        () => None,
    }
}

struct Explored {
    states: usize,
    violation: Option<(&'static str, Vec<String>)>,
    stuck: usize,
}

fn explore(broken: Broken, bounds: Bounds) -> Explored {
    let first = begin(bounds);
    let mut index = HashMap::from([(first.clone(), 0_usize)]);
    let mut states = vec![first];
    let mut from: Vec<(usize, String)> = vec![(0, String::new())];
    let mut back: Vec<Vec<usize>> = vec![vec![]];
    let mut queue = VecDeque::from([0]);
    while let Some(here) = queue.pop_front() {
        if let Some(what) = wrong(&states[here]) {
            return Explored { states: states.len(), violation: Some((what, trace(&from, here))), stuck: 0 };
        }
        for (what, world) in successors(&states[here].clone(), broken, bounds) {
            let there = *index.entry(world.clone()).or_insert_with(|| {
                states.push(world);
                from.push((here, what));
                back.push(vec![]);
                queue.push_back(states.len() - 1);
                states.len() - 1
            });
            back[there].push(here);
        }
    }
    Explored { states: states.len(), violation: None, stuck: stuck(&states, &back) }
}

fn trace(from: &[(usize, String)], mut at: usize) -> Vec<String> {
    let mut steps = Vec::new();
    while at != 0 {
        steps.push(from[at].1.clone());
        at = from[at].0;
    }
    steps.reverse();
    steps
}

/// States from which no writable side can be reached.
fn stuck(states: &[World], back: &[Vec<usize>]) -> usize {
    let mut reaches: Vec<bool> = states.iter().map(|world| world.source.owner || world.target.owner).collect();
    let mut queue: VecDeque<usize> = (0..states.len()).filter(|state| reaches[*state]).collect();
    while let Some(here) = queue.pop_front() {
        for before in &back[here] {
            if !reaches[*before] {
                reaches[*before] = true;
                queue.push_back(*before);
            }
        }
    }
    reaches.iter().filter(|reaches| !**reaches).count()
}

/// The number of states is pinned: a protocol that does something else has another one, and whoever changes it looks here.
fn is_sound(name: &str, bounds: Bounds, states: usize) {
    let explored = explore(Broken::Nothing, bounds);
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

/// What it takes to show each one is part of what is tested.
#[test]
fn every_way_of_breaking_the_protocol_is_found() {
    let quiet = Bounds { writes: 1, crashes: 0, lost: 0, refusals: 0, workers: 1 };
    let all = [
        (Broken::NoLock, quiet),
        (Broken::OpenBeforeCommit, quiet),
        (Broken::TokenNotAwaited, quiet),
        (Broken::NoReread, Bounds { crashes: 1, ..quiet }),
        (Broken::TakeBackKeepsArmed, Bounds { refusals: 1, ..quiet }),
        (Broken::AsyncTakeBack, Bounds { refusals: 1, crashes: 1, ..quiet }),
        (Broken::NoHashCheck, Bounds { refusals: 1, workers: 2, ..quiet }),
        (Broken::NoRunFencing, Bounds { workers: 2, ..quiet }),
    ];
    for (broken, bounds) in all {
        let explored = explore(broken, bounds);
        let stuck = (explored.stuck > 0).then(|| ("no side can be opened any more", vec![]));
        let found = explored.violation.or(stuck);
        let (what, trace) = found.unwrap_or_else(|| panic!("{broken:?}: not in {} states", explored.states));
        eprintln!("{broken:?}: {what} after {} steps, {} states", trace.len(), explored.states);
    }
}
