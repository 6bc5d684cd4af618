//! What can happen next: a worker's statement, a writer, a client, the stream, a crash, a newcomer.
//!
//! In: a world and what may still happen in it. Out: every world that can follow. It judges nothing.

use super::world::{Broken, Entry, Slot, World};
use rerp_split::fence::{Event, Place, Stmt, Worker};

/// What may happen besides the first worker's own steps.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) writes: u8,
    pub(crate) crashes: u8,
    pub(crate) lost: u8,
    pub(crate) refusals: u8,
    pub(crate) workers: usize,
}

/// One step.
#[derive(Debug)]
pub(crate) enum What {
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

pub(crate) type Next = Vec<(What, World)>;

/// Every world that can follow.
pub(crate) fn all(world: &World, broken: Broken, bounds: Bounds) -> Next {
    let mut next = Vec::new();
    for w in 0..world.workers.len() {
        if !world.workers[w].over {
            work(world, w, broken, &mut next);
        }
    }
    writers(world, broken, &mut next);
    servers(world, &mut next);
    crashes(world, broken, &mut next);
    newcomers(world, bounds, &mut next);
    next
}

/// A worker that knows nothing.
pub(crate) fn worker(run: u8) -> Slot {
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
            if places.contains(&Place::Target) {
                after.crash_target()
            } else {
                after.crash_source()
            }
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
