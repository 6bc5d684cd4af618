//! What can happen next: a worker's statement, a writer, a client, the streams, a crash, a newcomer, a turn more.
//!
//! In: a world and what may still happen in it. Out: every world that can follow. It judges nothing.

use super::world::{Broken, Late, Slot, World, answer_of_idle};
use rerp_split::fence::{Event, Place, Stmt, Worker};
use rerp_split::spec::Direction;

/// What may happen besides the first worker's own steps.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) writes: u8,
    pub(crate) crashes: u8,
    pub(crate) lost: u8,
    pub(crate) refusals: u8,
    pub(crate) workers: usize,
    /// How often the data changes hands once more; with none there is no way back either.
    pub(crate) turns: u8,
    /// Whether statements about streams and their positions that are taken for lost may come late, advances of the slot among them.
    pub(crate) late: bool,
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

/// How the model is to be explored.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) broken: Broken,
    pub(crate) bounds: Bounds,
}

/// Every world that can follow.
pub(crate) fn all(world: &World, rules: Rules) -> Next {
    let mut next = Vec::new();
    for w in 0..world.workers.len() {
        if !world.workers[w].over {
            rules.work(world, w, &mut next);
        }
    }
    for side in 0..2 {
        rules.writers(world, side, &mut next);
        rules.server(world, side, &mut next);
    }
    rules.crashes(world, &mut next);
    rules.newcomers(world, &mut next);
    rules.turns(world, &mut next);
    next
}

/// A worker that knows nothing, in a turn in which side `way` closes.
pub(crate) fn worker(run: u8, way: usize, bounds: Bounds) -> Slot {
    let way_back = bounds.turns > 0;
    let worker = Worker { way_back, ..Worker::new(0, false) };
    Slot { worker, run, way, ready: !way_back, over: false, won: false, early: None }
}

fn push(next: &mut Next, world: &World, what: &'static str, change: impl FnOnce(&mut World) -> bool) {
    let mut after = world.clone();
    if change(&mut after) {
        next.push((What::Else(what), after));
    }
}

impl Rules {
    fn answer(self, world: &mut World, w: usize, event: Event) {
        let one_way = self.bounds.turns == 0;
        let idle = |stmt: &Stmt| match stmt {
            Stmt::P3Advance if !self.bounds.late => Some(Event::Done),
            // Where nothing goes back it doesn't matter when the stream ends.
            Stmt::F10Stop { .. } if one_way => Some(Event::Stopped(None)),
            Stmt::F10Slot if one_way => Some(Event::Yes),
            stmt => answer_of_idle(stmt),
        };
        world.answer(w, event, &idle);
    }

    /// A worker's statement: answered, executed without an answer, or never executed.
    fn work(self, world: &World, w: usize, next: &mut Next) {
        if !world.workers[w].ready {
            return push(next, world, "the way back is made", |after| {
                after.make_way_back(w, self.broken);
                true
            });
        }
        let mut done = world.clone();
        if let Some(event) = done.execute(w, self.broken) {
            if world.lost_left > 0 {
                let mut lost = done.clone();
                lost.lost_left -= 1;
                self.answer(&mut lost, w, Event::Lost);
                next.push((What::Unanswered(w), lost));
            }
            self.answer(&mut done, w, event.clone());
            next.push((What::Answered(w, event), done));
        }
        let slot = &world.workers[w];
        if world.lost_left > 0 {
            let mut lost = world.clone();
            lost.lost_left -= 1;
            if self.bounds.late && may_be_late(&slot.worker.at) {
                lost.late = Some(Late { stmt: slot.worker.at.clone(), way: slot.way, run: slot.run });
            }
            self.answer(&mut lost, w, Event::Lost);
            next.push((What::Unheard(w), lost));
        }
        if world.refusals_left > 0 && matches!(slot.worker.at, Stmt::F8Close | Stmt::F9Open(_)) {
            let mut refused = world.clone();
            refused.refusals_left -= 1;
            self.answer(&mut refused, w, Event::Failed);
            next.push((What::Refused(w), refused));
        }
    }

    /// A writer on one side, whose transaction may stay open, and clients that open the other one with a proof.
    fn writers(self, world: &World, side: usize, next: &mut Next) {
        let database = &world.sides[side];
        if world.writes_left > 0 && world.may_write(side) && !database.in_flight {
            push(next, world, ["a writer begins on the source", "a writer begins on the target"][side], |after| {
                (after.sides[side].in_flight, after.writes_left) = (true, after.writes_left - 1);
                // Nobody waits for writers on the target where nothing goes back.
                if side == 1 && self.bounds.turns == 0 {
                    after.commit(side);
                }
                true
            });
        }
        if database.in_flight {
            push(next, world, ["the source's writer commits", "the target's writer commits"][side], |after| {
                after.commit(side);
                true
            });
        }
        let opens = |next: &mut Next, what, proof| {
            push(next, world, what, |after| after.open(1 - side, proof, self.broken) == Some(true));
        };
        if let Some(proof) = database.row.proof.filter(|_| !database.row.owner) {
            opens(next, ["a client opens the target", "a client opens the source"][side], proof);
        }
        if let Some(proof) = database.leaked {
            opens(next, ["a late client opens the target", "a late client opens the source"][side], proof);
        }
    }

    /// The stream from here goes on, WAL reaches the disk, sessions time out.
    fn server(self, world: &World, side: usize, next: &mut Next) {
        if let Some(entry) = world.next_in(side) {
            push(next, world, ["the target applies", "the source applies"][side], |after| {
                after.apply(side, entry);
                true
            });
        }
        if world.is_behind(side) {
            push(next, world, ["the source's WAL is flushed", "the target's WAL is flushed"][side], |after| {
                after.flush(side);
                true
            });
        }
        if world.sides[side].open.is_some() {
            push(next, world, ["a session on the source ends", "a session on the target ends"][side], |after| {
                after.sides[side].open = None;
                true
            });
        }
        if side == 0 && world.late.is_some() {
            push(next, world, "what was lost is executed late", |after| after.execute_late(self.broken));
        }
    }

    /// A server crashes. What workers had sent to it may have been executed before, may be lost, or comes once it is back.
    fn crashes(self, world: &World, next: &mut Next) {
        if world.crashes_left == 0 {
            return;
        }
        for (side, what) in ["the source crashes", "the target crashes"].into_iter().enumerate() {
            let mut before = vec![World { crashes_left: world.crashes_left - 1, ..world.clone() }];
            for w in 0..world.workers.len() {
                let slot = &world.workers[w];
                if !slot.over && slot.ready && at(slot) == Some(side) {
                    self.cut_off(w, &mut before);
                }
            }
            for mut after in before {
                let stood = after.streams[side].slot;
                after.crash(side);
                if after.streams[side].slot != stood {
                    let mut lucky = after.clone();
                    lucky.streams[side].slot = stood;
                    next.push((What::Else(what), lucky));
                }
                next.push((What::Else(what), after));
            }
        }
    }

    /// Beside each of `worlds`, those in which the answer to worker `w` is lost.
    fn cut_off(self, w: usize, worlds: &mut Vec<World>) {
        for mut world in worlds.clone() {
            let mut executed = world.clone();
            if executed.execute(w, self.broken).is_some() {
                self.answer(&mut executed, w, Event::Lost);
                worlds.push(executed);
            }
            self.answer(&mut world, w, Event::Lost);
            worlds.push(world);
        }
    }

    /// A new worker takes its run on the source, then on the target; open transactions are waited for or ended.
    fn newcomers(self, world: &World, next: &mut Next) {
        let [source, target] = world.runs;
        if source == target && world.workers.len() < self.bounds.workers {
            push(next, world, "a new worker takes the source", |after| {
                (after.runs[0], after.sides[0].open) = (source + 1, None);
                true
            });
        } else if source > target {
            push(next, world, "it takes the target", |after| {
                (after.runs[1], after.sides[1].open) = (source, None);
                after.workers.push(worker(source, world.way, self.bounds));
                true
            });
        }
    }

    /// The worker that has ended a turn begins the next one, or sees to what is left of this one.
    fn turns(self, world: &World, next: &mut Next) {
        let present = |slot: &Slot| slot.won && slot.way == world.way && world.runs == [slot.run, slot.run];
        let Some(w) = world.workers.iter().position(present) else { return };
        let (run, way) = (world.workers[w].run, world.way);
        if !world.is_exchanged(way) && self.bounds.turns > 0 {
            push(next, world, "the worker goes on with the streams", |after| {
                let again = worker(run, way, self.bounds);
                let only_finish = Worker { only_finish: true, ..again.worker.clone() };
                after.workers[w] = Slot { worker: only_finish, ready: true, ..again };
                true
            });
        } else if world.turns_left > 0 {
            push(next, world, ["the data is to go back", "the data is to go forward again"][way], |after| {
                let run = if self.broken == Broken::RunKept { run } else { after.renew() };
                (after.way, after.turns_left) = (1 - way, world.turns_left - 1);
                after.workers[w] = worker(run, 1 - way, self.bounds);
                true
            });
        }
    }
}

/// Statements that another attempt, or another turn, has as well.
fn may_be_late(stmt: &Stmt) -> bool {
    matches!(
        stmt,
        Stmt::P3Advance | Stmt::F7Flush { .. } | Stmt::F10Stop { .. } | Stmt::F10Slot | Stmt::F10Enable { .. }
    )
}

/// The side on which a worker's statement is executed.
fn at(slot: &Slot) -> Option<usize> {
    let direction = Direction::ALL[slot.way];
    match slot.worker.at.place(direction) {
        Place::A | Place::B => Some(slot.way),
        Place::Target => Some(1 - slot.way),
        Place::Nowhere => None,
    }
}
