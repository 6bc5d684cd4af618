//! Two servers as the fence's model sees them: owner rows, a stream each way, what is visible and what is durable.
//!
//! In: the same `Stmt` that production renders to SQL. Out: the same `Event`. One call is atomic, as one transaction is.
//! Nothing tells apart what was written on a server and what came to it: PostgreSQL 15 doesn't either.
//!
//! Long because it is the other half of `render`: every statement of the protocol once more.

use rerp_split::fence::{Closing, Event, Fate, Side, Stmt, Worker, step};
use uuid::Uuid;

/// What a test breaks on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    Nothing,
    /// F3 locks nothing.
    NoLock,
    /// F8 answers before it has committed, and the closing session tells its own proof.
    OpenBeforeCommit,
    /// F5 does not wait for the token, F7 does not look.
    TokenNotAwaited,
    /// The same in a rollback only.
    RollbackWithoutTokens,
    /// The token is written before the lock is granted.
    TokenBeforeLock,
    /// F7 makes durable what is there, without reading the tokens again.
    NoReread,
    /// F7 reads the tokens and makes nothing durable.
    NoFlush,
    /// The taking back publishes a proof and leaves the target armed.
    TakeBackKeepsArmed,
    /// The taking back commits without waiting for the disk.
    AsyncTakeBack,
    /// `open` does not compare the hash.
    NoHashCheck,
    /// Transactions don't hold the run.
    NoRunFencing,
    /// F10 ends neither subscription nor slot of a stream whose turn is over: the one to the target, the one back.
    SlotOutlives(usize),
    /// The way back begins where its slot stands, not behind what F7 saw.
    NoPosition,
    /// F7 writes down how far the disk is instead of where the next record goes.
    FlushedPosition,
    /// F7 asks for the run only, not whether its side is still closed.
    FlushUnheld,
    /// A turn more is begun under the run of the one before.
    RunKept,
    /// Statements of F10 ask neither for the run nor for the owner.
    ExchangeUnchecked,
    /// The slot of the way back is advanced whoever owns.
    AdvanceUnchecked,
    /// A worker makes the way back anew, whatever there is and whoever owns.
    WayBackMadeAnew,
}

/// An owner row. Proofs are small numbers; a hash is the number of its proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) epoch: i64,
    pub(crate) owner: bool,
    pub(crate) proof: Option<u8>,
    pub(crate) armed: Option<u8>,
    pub(crate) opened: Option<u8>,
}

/// A transaction that has changed an owner row and holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Open {
    pub(crate) by: usize,
    pub(crate) row: Row,
    pub(crate) locked: bool,
}

/// What a side has committed, in order: its own, and what came through a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Entry {
    Write(u8),
    /// Of the stream that begins at this side.
    Token(u8, usize),
}

/// One of the two servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Database {
    pub(crate) row: Row,
    /// What a crash would bring back, while the row has not reached the disk. Never in the protocol as it is.
    pub(crate) on_disk: Option<Row>,
    pub(crate) open: Option<Open>,
    pub(crate) committed: Option<u8>,
    /// A proof that a client has read here and may still come with, however late.
    pub(crate) leaked: Option<u8>,
    pub(crate) in_flight: bool,
    pub(crate) wal: Vec<Entry>,
    pub(crate) flushed: usize,
    /// What F7 wrote down: an epoch and a position.
    pub(crate) drained: Option<(i64, usize)>,
}

/// The stream that begins at one side. Positions are those of that side's WAL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Stream {
    pub(crate) slot: Option<usize>,
    /// Where the slot stood when it was made: a crash may take it back there.
    pub(crate) made: usize,
    /// Whether the subscription runs, if there is one.
    pub(crate) subscription: Option<bool>,
    /// How far the subscriber is, and how far it would be after a crash.
    pub(crate) progress: usize,
    pub(crate) durable: usize,
}

impl Stream {
    /// Nothing will ever come through it, and nobody can go the way that it is there for.
    pub(crate) fn is_torn(&self) -> bool {
        self.subscription == Some(true) && self.slot.is_none()
    }
}

/// One worker: frozen ones stay in the list and may go on at any time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slot {
    pub(crate) worker: Worker,
    pub(crate) run: u8,
    /// The side that closes in its turn.
    pub(crate) way: usize,
    /// It has seen to the way back, and begins with the fence.
    pub(crate) ready: bool,
    pub(crate) over: bool,
    /// It ended with the other side open.
    pub(crate) won: bool,
    /// The token that a broken worker has written too early.
    pub(crate) early: Option<u8>,
}

/// A statement that is long on its way to its server: of which turn and run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Late {
    pub(crate) stmt: Stmt,
    pub(crate) way: usize,
    pub(crate) run: u8,
}

impl Late {
    /// Those that it asks for.
    fn tokens(&self) -> Vec<u8> {
        let Stmt::F7Flush { tokens, .. } = &self.stmt else { return Vec::new() };
        tokens.iter().map(|token| number(*token)).collect()
    }
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) sides: [Database; 2],
    pub(crate) streams: [Stream; 2],
    /// The side that closes in the present turn, as the journal tells a newcomer.
    pub(crate) way: usize,
    /// How many writes have been acknowledged; they are numbered.
    pub(crate) acknowledged: u8,
    /// What its worker takes for lost, and may still be executed.
    pub(crate) late: Option<Late>,
    pub(crate) runs: [u8; 2],
    pub(crate) workers: Vec<Slot>,
    pub(crate) writes_left: u8,
    pub(crate) crashes_left: u8,
    pub(crate) lost_left: u8,
    pub(crate) refusals_left: u8,
    pub(crate) turns_left: u8,
}

impl World {
    /// Executes the outstanding statement of worker `w`; none while it has to wait for a row lock.
    pub(crate) fn execute(&mut self, w: usize, broken: Broken) -> Option<Event> {
        let stmt = self.workers[w].worker.at.clone();
        let (run, from) = (self.workers[w].run, self.workers[w].way);
        let to = 1 - from;
        if self.is_fenced(from, run, &stmt) && broken != Broken::NoRunFencing {
            return Some(Event::Superseded);
        }
        match stmt {
            Stmt::ReadSource => Some(row_event(self.sides[from].row)),
            Stmt::ReadTarget => Some(row_event(self.sides[to].row)),
            Stmt::P3Advance => self.advance(from, broken),
            Stmt::F1Begin { epoch } => self.begin(w, from, epoch),
            Stmt::F2Arm(closing) => {
                let early = broken == Broken::TokenBeforeLock;
                self.workers[w].early = early.then(|| self.token(from));
                self.arm(to, &closing)
            }
            Stmt::F3Lock => Some(self.lock(w, from, broken)),
            Stmt::F5Token => {
                let early = self.workers[w].early.take();
                Some(Event::Token(uuid(early.unwrap_or_else(|| self.token(from)))))
            }
            Stmt::F5Look(token) => Some(yes_or_no(skips_tokens(broken, from) || self.has(from, number(token)))),
            Stmt::F7Flush { epoch, tokens } => self.flush_tokens(from, epoch, &tokens, broken),
            Stmt::F8Close => Some(self.close(w, from, broken)),
            Stmt::F8Status(closing) => self.fate(from, &closing),
            Stmt::F9Proof => Some(proof_event(self.readable(from, broken))),
            Stmt::TakeProof => Some(proof_event(self.sides[to].row)),
            Stmt::F9Open(proof) => self.open(to, number(proof), broken).map(yes_or_no),
            Stmt::TakeOpen(proof) => self.open(from, number(proof), broken).map(yes_or_no),
            Stmt::Retreat => {
                self.sides[from].open.take_if(|open| open.by == w);
                Some(Event::Done)
            }
            Stmt::TakeRetreat => {
                self.sides[to].open.take_if(|open| open.by == w);
                Some(Event::Done)
            }
            Stmt::TakeBegin { epoch } => self.take_begin(w, to, epoch),
            Stmt::TakeArm(closing) => self.arm(from, &closing),
            Stmt::TakeCommit => Some(self.take_commit(w, to, broken)),
            Stmt::F10Tidy => {
                let row = &mut self.sides[from].row;
                row.armed.take_if(|_| !row.owner);
                Some(Event::Done)
            }
            Stmt::F10Stop { epoch } => self.stop(from, epoch, broken),
            Stmt::F10Slot => self.drop_slot(from, broken),
            Stmt::F10Enable { position } => self.enable(from, &position, broken),
            Stmt::F3Unlock | Stmt::F3Wait { .. } => Some(if self.is_a(w, from) { Event::Done } else { Event::Lost }),
            _ => Some(Event::Done),
        }
    }

    /// Gives `event` to worker `w`. Statements that neither read nor change anything here are answered on the spot:
    /// nobody can tell when that was, and an answer of theirs that is lost leads to where the next one's would.
    pub(crate) fn answer(&mut self, w: usize, event: Event, idle: &dyn Fn(&Stmt) -> Option<Event>) {
        let slot = &mut self.workers[w];
        let mut answer = Some(event);
        while let Some(event) = answer {
            let (worker, next) = step(&slot.worker, event);
            (slot.worker, slot.over) = (worker, next.is_none());
            answer = next.as_ref().and_then(idle);
        }
        slot.won = slot.over && slot.worker.outcome == Some(rerp_split::fence::Outcome::TargetOwns);
    }

    /// Every statement but these begins with `hold_run`, on its own side.
    fn is_fenced(&self, from: usize, run: u8, stmt: &Stmt) -> bool {
        match stmt {
            Stmt::F1Begin { .. }
            | Stmt::F1Journal(_)
            | Stmt::F5Token
            | Stmt::F10Tidy
            | Stmt::F10Slot
            | Stmt::F10Enable { .. }
            | Stmt::TakeArm(_) => run < self.runs[from],
            Stmt::P3Advance
            | Stmt::F2Arm(_)
            | Stmt::F6Set(_)
            | Stmt::F7Flush { .. }
            | Stmt::F10Stop { .. }
            | Stmt::TakeBegin { .. } => run < self.runs[1 - from],
            _ => false,
        }
    }

    fn is_a(&self, w: usize, from: usize) -> bool {
        self.sides[from].open.as_ref().is_some_and(|open| open.by == w)
    }

    /// A worker sees to the way back: the slot at the side that will open, the subscription at the one that closes.
    pub(crate) fn make_way_back(&mut self, w: usize, broken: Broken) {
        let (from, run) = (self.workers[w].way, self.workers[w].run);
        let (to, anew) = (1 - from, broken == Broken::WayBackMadeAnew);
        self.workers[w].ready = true;
        if self.runs.iter().any(|present| run < *present) {
            self.workers[w].over = true;
            return;
        }
        let whole = self.streams[to].slot.is_some() && self.streams[to].subscription == Some(false);
        if anew || (self.sides[from].row.owner && !whole) {
            // A new slot takes what was written before it to the disk.
            self.flush(to);
            let made = self.sides[to].wal.len();
            self.streams[to] = Stream { slot: Some(made), made, subscription: Some(false), ..Stream::default() };
        }
    }

    /// The slot of the way back passes what has come through the stream of the turn that `from` closes in.
    pub(crate) fn advance(&mut self, from: usize, broken: Broken) -> Option<Event> {
        let to = 1 - from;
        if self.sides[to].open.is_some() {
            return None;
        }
        if self.sides[to].row.owner && broken != Broken::AdvanceUnchecked {
            return Some(Event::Failed);
        }
        let flushed = self.sides[to].flushed;
        if let Some(slot) = &mut self.streams[to].slot {
            *slot = flushed.max(*slot);
        }
        Some(Event::Done)
    }

    /// What was taken for lost happens after all; false while it has to wait.
    pub(crate) fn execute_late(&mut self, broken: Broken) -> bool {
        let Some(Late { stmt, way, run }) = self.late.clone() else { return false };
        let done = match stmt {
            _ if self.is_fenced(way, run, &stmt) && broken != Broken::ExchangeUnchecked => true,
            Stmt::P3Advance => self.advance(way, broken).is_some(),
            Stmt::F7Flush { epoch, tokens } => self.flush_tokens(way, epoch, &tokens, broken).is_some(),
            Stmt::F10Stop { epoch } => self.stop(way, epoch, broken).is_some(),
            Stmt::F10Slot => self.drop_slot(way, broken).is_some(),
            Stmt::F10Enable { position } => self.enable(way, &position, broken).is_some(),
            _ => true,
        };
        self.late.take_if(|_| done);
        done
    }

    /// A turn more is a run more; transactions of older ones are waited for or ended.
    pub(crate) fn renew(&mut self) -> u8 {
        self.runs = self.runs.map(|run| run + 1);
        self.sides.iter_mut().for_each(|side| side.open = None);
        self.runs[0]
    }

    fn begin(&mut self, w: usize, from: usize, epoch: i64) -> Option<Event> {
        if self.sides[from].open.is_some() {
            return None;
        }
        let present = self.sides[from].row;
        if !present.owner || present.epoch != epoch {
            return Some(Event::Refused);
        }
        let proof = self.fresh();
        let row = Row { epoch: epoch + 1, owner: false, proof: Some(proof), armed: None, opened: present.opened };
        self.sides[from].open = Some(Open { by: w, row, locked: false });
        Some(Event::Closing(closing(epoch + 1, proof)))
    }

    fn arm(&mut self, side: usize, closing: &Closing) -> Option<Event> {
        if self.sides[side].open.is_some() {
            return None;
        }
        let row = &mut self.sides[side].row;
        if row.owner || row.epoch > closing.epoch {
            return Some(Event::Refused);
        }
        (row.armed, row.epoch) = (closing.hash.parse().ok(), closing.epoch);
        self.flush(side);
        Some(Event::Done)
    }

    fn lock(&mut self, w: usize, from: usize, broken: Broken) -> Event {
        let side = &mut self.sides[from];
        let blocked = side.in_flight && broken != Broken::NoLock;
        match &mut side.open {
            Some(open) if open.by == w && blocked => Event::LockTimeout,
            Some(open) if open.by == w => {
                open.locked = broken != Broken::NoLock;
                Event::Done
            }
            _ => Event::Lost,
        }
    }

    fn token(&mut self, from: usize) -> u8 {
        let used = |id: u8| {
            self.sides.iter().any(|side| side.wal.iter().any(|entry| matches!(entry, Entry::Token(t, _) if *t == id)))
                || self.workers.iter().any(|slot| slot.early == Some(id) || slot.worker.tokens.contains(&uuid(id)))
                || self.late.iter().any(|late| late.tokens().contains(&id))
        };
        let id = (0..u8::MAX).find(|id| !used(*id)).unwrap_or(u8::MAX);
        self.write(from, Entry::Token(id, from));
        id
    }

    /// The writer whose transaction is open is acknowledged.
    pub(crate) fn commit(&mut self, side: usize) {
        self.sides[side].in_flight = false;
        self.write(side, Entry::Write(self.acknowledged));
        self.acknowledged += 1;
    }

    /// A commit of this side's own is on the disk when it is answered.
    pub(crate) fn write(&mut self, side: usize, entry: Entry) {
        self.sides[side].wal.push(entry);
        self.flush(side);
    }

    fn has(&self, from: usize, token: u8) -> bool {
        self.sides[1 - from].wal.contains(&Entry::Token(token, from))
    }

    fn flush_tokens(&mut self, from: usize, epoch: i64, tokens: &[Uuid], broken: Broken) -> Option<Event> {
        if broken != Broken::FlushUnheld && !self.holds(1 - from, false, broken)? {
            return Some(Event::Failed);
        }
        let skips = broken == Broken::NoReread || skips_tokens(broken, from);
        let all = skips || tokens.iter().all(|token| self.has(from, number(*token)));
        if all {
            let side = &mut self.sides[1 - from];
            let position = if broken == Broken::FlushedPosition { side.flushed } else { side.wal.len() };
            let newer = side.drained.filter(|(known, _)| *known > epoch && broken != Broken::FlushUnheld);
            side.drained = newer.or(Some((epoch, position)));
            if broken != Broken::NoFlush {
                self.flush(1 - from);
            }
        }
        Some(yes_or_no(all))
    }

    fn close(&mut self, w: usize, from: usize, broken: Broken) -> Event {
        let side = &mut self.sides[from];
        match side.open.take() {
            Some(open) if open.by == w && broken == Broken::OpenBeforeCommit => {
                side.open = Some(open);
                Event::Done
            }
            Some(open) if open.by == w => {
                (side.row, side.committed) = (open.row, open.row.proof);
                side.leaked = side.leaked.or(open.row.proof);
                self.flush(from);
                Event::Done
            }
            other => {
                side.open = other;
                Event::Lost
            }
        }
    }

    fn readable(&self, from: usize, broken: Broken) -> Row {
        match &self.sides[from].open {
            Some(open) if broken == Broken::OpenBeforeCommit => open.row,
            _ => self.sides[from].row,
        }
    }

    fn fate(&self, from: usize, closing: &Closing) -> Option<Event> {
        let xid: Option<u8> = closing.xid.parse().ok();
        match &self.sides[from].open {
            Some(open) if open.row.proof == xid => None,
            _ if self.sides[from].committed == xid => Some(Event::Fate(Fate::Committed)),
            _ => Some(Event::Fate(Fate::Aborted)),
        }
    }

    /// `open` on one side; waits for the row.
    pub(crate) fn open(&mut self, side: usize, proof: u8, broken: Broken) -> Option<bool> {
        if self.sides[side].open.is_some() {
            return None;
        }
        let opened = open(&mut self.sides[side].row, proof, broken);
        self.flush(side);
        Some(opened)
    }

    /// WAL is one stream: what reaches the disk takes everything before it along.
    pub(crate) fn flush(&mut self, side: usize) {
        let database = &mut self.sides[side];
        (database.flushed, database.on_disk) = (database.wal.len(), None);
        let into = &mut self.streams[1 - side];
        into.durable = into.progress;
    }

    /// Whether something is not on the disk yet.
    pub(crate) fn is_behind(&self, side: usize) -> bool {
        let database = &self.sides[side];
        database.flushed < database.wal.len()
            || database.on_disk.is_some()
            || self.streams[1 - side].durable < self.streams[1 - side].progress
    }

    /// The server comes back as its disk knows it, its slot perhaps where it was long ago.
    pub(crate) fn crash(&mut self, side: usize) {
        let database = &mut self.sides[side];
        (database.open, database.in_flight) = (None, false);
        database.row = database.on_disk.take().unwrap_or(database.row);
        database.wal.truncate(database.flushed);
        let into = &mut self.streams[1 - side];
        into.progress = into.durable;
        let out = &mut self.streams[side];
        out.slot = out.slot.map(|_| out.made);
    }

    /// The next thing that the stream from `side` carries; none if it has nothing, or doesn't run.
    pub(crate) fn next_in(&self, side: usize) -> Option<(usize, Entry)> {
        let stream = &self.streams[side];
        let slot = stream.slot.filter(|_| stream.subscription == Some(true))?;
        let database = &self.sides[side];
        let mut rest = (stream.progress.max(slot)..database.flushed).map(|at| (at, database.wal[at]));
        rest.find(|(_, entry)| matches!(entry, Entry::Write(_)) || matches!(entry, Entry::Token(_, of) if *of == side))
    }

    /// It arrives; on the disk it is later.
    pub(crate) fn apply(&mut self, side: usize, (at, entry): (usize, Entry)) {
        self.sides[1 - side].wal.push(entry);
        self.streams[side].progress = at + 1;
    }

    fn take_begin(&mut self, w: usize, to: usize, epoch: i64) -> Option<Event> {
        if self.sides[to].open.is_some() {
            return None;
        }
        let present = self.sides[to].row;
        if present.owner || present.armed.is_none() || present.epoch != epoch {
            return Some(Event::Refused);
        }
        let proof = self.fresh();
        let row = Row { epoch: epoch + 1, proof: Some(proof), armed: None, ..present };
        self.sides[to].open = Some(Open { by: w, row, locked: false });
        Some(Event::Closing(closing(epoch + 1, proof)))
    }

    fn take_commit(&mut self, w: usize, to: usize, broken: Broken) -> Event {
        match self.sides[to].open.take_if(|open| open.by == w) {
            Some(open) => {
                let armed = if broken == Broken::TakeBackKeepsArmed { self.sides[to].row.armed } else { None };
                let before = std::mem::replace(&mut self.sides[to].row, Row { armed, ..open.row });
                if broken == Broken::AsyncTakeBack {
                    self.sides[to].on_disk = Some(before);
                } else {
                    self.flush(to);
                }
                Event::Done
            }
            None => Event::Lost,
        }
    }

    /// Whether the statements of F10 do something: on this side the row says what they take it for. None while it is locked.
    fn holds(&self, side: usize, owner: bool, broken: Broken) -> Option<bool> {
        let Database { row, open, .. } = &self.sides[side];
        let fits = row.owner == owner;
        open.is_none().then_some(fits || broken == Broken::ExchangeUnchecked)
    }

    fn stop(&mut self, from: usize, epoch: i64, broken: Broken) -> Option<Event> {
        let to = 1 - from;
        if !self.holds(to, true, broken)? {
            return Some(Event::Failed);
        }
        let drained = self.sides[to].drained.filter(|(of, _)| *of == epoch).map(|(of, _)| of.to_string());
        if broken != Broken::SlotOutlives(from) {
            self.streams[from].subscription = None;
        }
        self.flush(to);
        Some(Event::Stopped(drained))
    }

    fn drop_slot(&mut self, from: usize, broken: Broken) -> Option<Event> {
        if !self.holds(from, false, broken)? {
            return Some(Event::Failed);
        }
        if broken != Broken::SlotOutlives(from) {
            self.streams[from].slot = None;
        }
        Some(Event::Yes)
    }

    fn enable(&mut self, from: usize, position: &str, broken: Broken) -> Option<Event> {
        let to = 1 - from;
        if !self.holds(from, false, broken)? {
            return Some(Event::Failed);
        }
        // The worker remembers a place; which, that epoch tells as well.
        let known = self.sides[to].drained.filter(|(epoch, _)| epoch.to_string() == position);
        let position = known.map_or(0, |(_, position)| position);
        let stream = &mut self.streams[to];
        let Some(runs) = stream.subscription else { return Some(Event::No) };
        if !runs {
            let begins = if broken == Broken::NoPosition { 0 } else { position };
            (stream.progress, stream.durable) = (begins, begins);
            stream.subscription = Some(true);
            self.flush(from);
        }
        Some(Event::Yes)
    }

    /// The turn of `from` is over: its stream is gone, the one back runs.
    pub(crate) fn is_exchanged(&self, from: usize) -> bool {
        let (led, leads) = (&self.streams[from], &self.streams[1 - from]);
        led.subscription.is_none() && led.slot.is_none() && leads.subscription == Some(true)
    }

    /// The smallest number that nobody remembers: keeps the number of states finite.
    fn fresh(&self) -> u8 {
        let rows = self.sides.iter().flat_map(|side| [Some(side.row), side.open.as_ref().map(|open| open.row)]);
        let mut used: Vec<u8> = rows.flatten().flat_map(|row| [row.proof, row.armed, row.opened]).flatten().collect();
        used.extend(self.sides.iter().flat_map(|side| [side.committed, side.leaked]).flatten());
        let held = |id: u8| {
            self.workers.iter().any(|slot| {
                let closing = slot.worker.closing.as_ref().is_some_and(|closing| closing.hash == id.to_string());
                let at = matches!(&slot.worker.at, Stmt::F9Open(p) | Stmt::TakeOpen(p) if *p == uuid(id));
                let taking = matches!(&slot.worker.at, Stmt::TakeArm(c) if c.hash == id.to_string());
                !slot.over && (closing || at || taking)
            })
        };
        (0..u8::MAX).find(|id| !used.contains(id) && !held(*id)).unwrap_or(u8::MAX)
    }

    /// Makes states that differ only in what can't matter the same. Whoever is finished remembers nothing; counters of
    /// patience stand just before their end, since what comes before is only more of the same.
    pub(crate) fn normalise(&mut self, broken: Broken) {
        for slot in &mut self.workers {
            if slot.over {
                (slot.worker, slot.early, slot.ready) = (Worker::new(0, false), None, true);
            }
            let worker = &mut slot.worker;
            (worker.tries, worker.rounds, worker.refusals) = (worker.tries.max(8), 2, worker.refusals.max(4));
            worker.failed_ends = worker.failed_ends.max(4);
            worker.declared = true;
        }
        // Nor does what would be refused.
        let refused = self.late.as_ref().is_some_and(|late| self.is_fenced(late.way, late.run, &late.stmt));
        if refused && broken != Broken::ExchangeUnchecked {
            self.late = None;
        }
        for (side, stream) in self.sides.iter_mut().zip(&self.streams) {
            let matters = stream.subscription == Some(false);
            side.drained = side.drained.filter(|(epoch, _)| matters && *epoch >= side.row.epoch);
        }
        for stream in &mut self.streams {
            if stream.slot.is_none() {
                stream.made = 0;
            }
            if stream.subscription.is_none() {
                (stream.progress, stream.durable) = (0, 0);
            }
        }
        self.forget_tokens();
    }

    /// Tokens that no worker remembers are as good as gone; the positions move with them.
    fn forget_tokens(&mut self) {
        let of = |slot: &Slot| slot.worker.tokens.iter().map(|t| number(*t)).chain(slot.early).collect::<Vec<u8>>();
        let late = self.late.iter().flat_map(Late::tokens);
        let known: Vec<u8> = self.workers.iter().flat_map(of).chain(late).collect();
        for (side, stream) in self.sides.iter_mut().zip(&mut self.streams) {
            let mut index = 0;
            while index < side.wal.len() {
                match side.wal[index] {
                    Entry::Token(id, _) if !known.contains(&id) => {
                        side.wal.remove(index);
                        let moved = |position: usize| position - usize::from(index < position);
                        side.flushed = moved(side.flushed);
                        side.drained = side.drained.map(|(epoch, position)| (epoch, moved(position)));
                        stream.slot = stream.slot.map(moved);
                        (stream.made, stream.progress, stream.durable) =
                            (moved(stream.made), moved(stream.progress), moved(stream.durable));
                    }
                    _ => index += 1,
                }
            }
        }
    }

    /// Writers would not wait: the committed row says that the side is open, and nobody has locked it.
    pub(crate) fn may_write(&self, side: usize) -> bool {
        let side = &self.sides[side];
        side.row.owner && !side.open.as_ref().is_some_and(|open| open.locked)
    }
}

fn skips_tokens(broken: Broken, from: usize) -> bool {
    broken == Broken::TokenNotAwaited || (broken == Broken::RollbackWithoutTokens && from == 1)
}

fn open(row: &mut Row, proof: u8, broken: Broken) -> bool {
    if row.owner {
        return row.opened == Some(proof);
    }
    let fits = if broken == Broken::NoHashCheck { row.armed.is_some() } else { row.armed == Some(proof) };
    if fits {
        (row.owner, row.opened, row.armed) = (true, row.armed, None);
    }
    fits
}

/// What a statement without effect is answered; none for one that has an effect.
pub(crate) fn answer_of_idle(stmt: &Stmt) -> Option<Event> {
    match stmt {
        Stmt::ReadWish { .. } => Some(Event::Wish { abort: false, prepared: true }),
        Stmt::P2Declare | Stmt::P2Close | Stmt::Rest => Some(Event::Done),
        Stmt::P5Quiet | Stmt::P5RoundTrip | Stmt::F4Check => Some(Event::Yes),
        Stmt::F6Read => Some(Event::Sequences(vec![])),
        _ => None,
    }
}

fn row_event(row: Row) -> Event {
    Event::Owner(Some(Side { epoch: row.epoch, is_owner: row.owner, armed: row.armed.is_some() }))
}

fn proof_event(row: Row) -> Event {
    Event::Proof(row.proof.filter(|_| !row.owner).map(uuid))
}

fn closing(epoch: i64, proof: u8) -> Closing {
    Closing { epoch, hash: proof.to_string(), pid: 0, xid: proof.to_string() }
}

fn yes_or_no(yes: bool) -> Event {
    if yes { Event::Yes } else { Event::No }
}

fn uuid(id: u8) -> Uuid {
    Uuid::from_u128(u128::from(id))
}

fn number(id: Uuid) -> u8 {
    id.as_u128() as u8
}
