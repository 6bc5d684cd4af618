//! Two servers as the fence's model sees them: owner rows, one stream, what is visible and what is durable.
//!
//! In: the same `Stmt` that production renders to SQL. Out: the same `Event`. One call is atomic, as one transaction is.
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

/// What the source has committed, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Entry {
    Write,
    Token(u8),
}

/// One worker: frozen ones stay in the list and may go on at any time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slot {
    pub(crate) worker: Worker,
    pub(crate) run: u8,
    pub(crate) over: bool,
    /// The token that a broken worker has written too early.
    pub(crate) early: Option<u8>,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) source: Row,
    pub(crate) target: Row,
    /// What a crash of the target would bring back, while its row has not reached the disk. Never in the protocol as it is.
    pub(crate) target_on_disk: Option<Row>,
    pub(crate) a: Option<Open>,
    pub(crate) take: Option<Open>,
    pub(crate) committed: Option<u8>,
    /// A proof that a client has read and may still come with, however late.
    pub(crate) leaked: Option<u8>,
    pub(crate) in_flight: bool,
    pub(crate) log: Vec<Entry>,
    pub(crate) applied: usize,
    pub(crate) flushed: usize,
    pub(crate) on_target: u8,
    pub(crate) runs: [u8; 2],
    pub(crate) workers: Vec<Slot>,
    pub(crate) writes_left: u8,
    pub(crate) crashes_left: u8,
    pub(crate) lost_left: u8,
    pub(crate) refusals_left: u8,
}

impl World {
    /// Executes the outstanding statement of worker `w`; none while it has to wait for a row lock.
    pub(crate) fn execute(&mut self, w: usize, broken: Broken) -> Option<Event> {
        let stmt = self.workers[w].worker.at.clone();
        if self.is_fenced(w, &stmt) && broken != Broken::NoRunFencing {
            return Some(Event::Superseded);
        }
        match stmt {
            Stmt::ReadSource => Some(row_event(self.source)),
            Stmt::ReadTarget => Some(row_event(self.target)),
            Stmt::F1Begin { epoch } => self.begin(w, epoch),
            Stmt::F2Arm(closing) => {
                self.workers[w].early = (broken == Broken::TokenBeforeLock).then(|| self.token());
                self.arm_target(&closing)
            }
            Stmt::F3Lock => Some(self.lock(w, broken)),
            Stmt::F5Token => {
                let early = self.workers[w].early.take();
                Some(Event::Token(uuid(early.unwrap_or_else(|| self.token()))))
            }
            Stmt::F5Look(token) => Some(yes_or_no(broken == Broken::TokenNotAwaited || self.has(number(token)))),
            Stmt::F7Flush { tokens, .. } => Some(self.flush(&tokens, broken)),
            Stmt::F8Close => Some(self.close(w, broken)),
            Stmt::F8Status(closing) => self.fate(&closing),
            Stmt::F9Proof => Some(proof_event(self.readable_source(broken))),
            Stmt::TakeProof => Some(proof_event(self.target)),
            Stmt::F9Open(proof) => self.open_target(number(proof), broken).map(yes_or_no),
            Stmt::TakeOpen(proof) => self.open_source(number(proof), broken).map(yes_or_no),
            Stmt::Retreat => {
                self.a.take_if(|open| open.by == w);
                Some(Event::Done)
            }
            Stmt::TakeRetreat => {
                self.take.take_if(|open| open.by == w);
                Some(Event::Done)
            }
            Stmt::TakeBegin { epoch } => self.take_begin(w, epoch),
            Stmt::TakeArm(closing) => self.arm_source(&closing),
            Stmt::TakeCommit => Some(self.take_commit(w, broken)),
            Stmt::F10Tidy => {
                self.source.armed.take_if(|_| !self.source.owner);
                Some(Event::Done)
            }
            Stmt::F3Unlock | Stmt::F3Wait { .. } => Some(if self.is_a(w) { Event::Done } else { Event::Lost }),
            _ => Some(Event::Done),
        }
    }

    /// Gives `event` to worker `w`. Statements that neither read nor change anything here are answered on the spot:
    /// nobody can tell when that was, and an answer of theirs that is lost leads to where the next one's would.
    pub(crate) fn answer(&mut self, w: usize, event: Event) {
        let slot = &mut self.workers[w];
        let mut answer = Some(event);
        while let Some(event) = answer {
            let (worker, next) = step(&slot.worker, event);
            (slot.worker, slot.over) = (worker, next.is_none());
            answer = next.as_ref().and_then(answer_of_idle);
        }
    }

    /// Every statement but these begins with `hold_run`, on its own side.
    fn is_fenced(&self, w: usize, stmt: &Stmt) -> bool {
        let run = self.workers[w].run;
        match stmt {
            Stmt::F1Begin { .. } | Stmt::F1Journal(_) | Stmt::F5Token | Stmt::F10Tidy | Stmt::TakeArm(_) => {
                run < self.runs[0]
            }
            Stmt::F2Arm(_) | Stmt::F6Set(_) | Stmt::F7Flush { .. } | Stmt::TakeBegin { .. } => run < self.runs[1],
            _ => false,
        }
    }

    fn is_a(&self, w: usize) -> bool {
        self.a.as_ref().is_some_and(|open| open.by == w)
    }

    fn begin(&mut self, w: usize, epoch: i64) -> Option<Event> {
        if self.a.is_some() {
            return None;
        }
        if !self.source.owner || self.source.epoch != epoch {
            return Some(Event::Refused);
        }
        let proof = self.fresh();
        let row = Row { epoch: epoch + 1, owner: false, proof: Some(proof), armed: None, opened: self.source.opened };
        self.a = Some(Open { by: w, row, locked: false });
        Some(Event::Closing(closing(epoch + 1, proof)))
    }

    fn arm_target(&mut self, closing: &Closing) -> Option<Event> {
        if self.take.is_some() {
            return None;
        }
        if self.target.owner || self.target.epoch > closing.epoch {
            return Some(Event::Refused);
        }
        (self.target.armed, self.target.epoch) = (closing.hash.parse().ok(), closing.epoch);
        self.flush_target();
        Some(Event::Done)
    }

    fn lock(&mut self, w: usize, broken: Broken) -> Event {
        let blocked = self.in_flight && broken != Broken::NoLock;
        match &mut self.a {
            Some(open) if open.by == w && blocked => Event::LockTimeout,
            Some(open) if open.by == w => {
                open.locked = broken != Broken::NoLock;
                Event::Done
            }
            _ => Event::Lost,
        }
    }

    fn token(&mut self) -> u8 {
        let used = |id: u8| {
            self.log.contains(&Entry::Token(id))
                || self.workers.iter().any(|slot| slot.early == Some(id) || slot.worker.tokens.contains(&uuid(id)))
        };
        let id = (0..u8::MAX).find(|id| !used(*id)).unwrap_or(u8::MAX);
        self.log.push(Entry::Token(id));
        id
    }

    fn has(&self, token: u8) -> bool {
        self.log[..self.applied].contains(&Entry::Token(token))
    }

    fn flush(&mut self, tokens: &[Uuid], broken: Broken) -> Event {
        let skips = matches!(broken, Broken::NoReread | Broken::TokenNotAwaited);
        let all = skips || tokens.iter().all(|token| self.has(number(*token)));
        if all && broken != Broken::NoFlush {
            self.flush_target();
        }
        yes_or_no(all)
    }

    fn close(&mut self, w: usize, broken: Broken) -> Event {
        match self.a.take() {
            Some(open) if open.by == w && broken == Broken::OpenBeforeCommit => {
                self.a = Some(open);
                Event::Done
            }
            Some(open) if open.by == w => {
                (self.source, self.committed) = (open.row, open.row.proof);
                self.leaked = self.leaked.or(open.row.proof);
                Event::Done
            }
            other => {
                self.a = other;
                Event::Lost
            }
        }
    }

    fn readable_source(&self, broken: Broken) -> Row {
        match &self.a {
            Some(open) if broken == Broken::OpenBeforeCommit => open.row,
            _ => self.source,
        }
    }

    fn fate(&self, closing: &Closing) -> Option<Event> {
        let xid: Option<u8> = closing.xid.parse().ok();
        match &self.a {
            Some(open) if open.row.proof == xid => None,
            _ if self.committed == xid => Some(Event::Fate(Fate::Committed)),
            _ => Some(Event::Fate(Fate::Aborted)),
        }
    }

    /// `open` on the target; waits for the row.
    pub(crate) fn open_target(&mut self, proof: u8, broken: Broken) -> Option<bool> {
        if self.take.is_some() {
            return None;
        }
        let opened = open(&mut self.target, proof, broken);
        self.flush_target();
        Some(opened)
    }

    /// WAL is one stream: what reaches the disk takes everything before it along.
    pub(crate) fn flush_target(&mut self) {
        (self.flushed, self.target_on_disk) = (self.applied, None);
    }

    /// The source comes back without what was not committed.
    pub(crate) fn crash_source(&mut self) {
        (self.a, self.in_flight) = (None, false);
    }

    /// The target comes back as its disk knows it.
    pub(crate) fn crash_target(&mut self) {
        (self.take, self.applied) = (None, self.flushed);
        self.target = self.target_on_disk.take().unwrap_or(self.target);
    }

    /// `open` on the source; waits for the row.
    pub(crate) fn open_source(&mut self, proof: u8, broken: Broken) -> Option<bool> {
        if self.a.is_some() { None } else { Some(open(&mut self.source, proof, broken)) }
    }

    fn take_begin(&mut self, w: usize, epoch: i64) -> Option<Event> {
        if self.take.is_some() {
            return None;
        }
        if self.target.owner || self.target.armed.is_none() || self.target.epoch != epoch {
            return Some(Event::Refused);
        }
        let proof = self.fresh();
        let row = Row { epoch: epoch + 1, proof: Some(proof), armed: None, ..self.target };
        self.take = Some(Open { by: w, row, locked: false });
        Some(Event::Closing(closing(epoch + 1, proof)))
    }

    fn arm_source(&mut self, closing: &Closing) -> Option<Event> {
        if self.a.is_some() {
            return None;
        }
        if self.source.owner || self.source.epoch > closing.epoch {
            return Some(Event::Refused);
        }
        (self.source.armed, self.source.epoch) = (closing.hash.parse().ok(), closing.epoch);
        Some(Event::Done)
    }

    fn take_commit(&mut self, w: usize, broken: Broken) -> Event {
        match self.take.take_if(|open| open.by == w) {
            Some(open) => {
                let armed = if broken == Broken::TakeBackKeepsArmed { self.target.armed } else { None };
                let before = std::mem::replace(&mut self.target, Row { armed, ..open.row });
                if broken == Broken::AsyncTakeBack {
                    self.target_on_disk = Some(before);
                } else {
                    self.flush_target();
                }
                Event::Done
            }
            None => Event::Lost,
        }
    }

    /// The smallest number that nobody remembers: keeps the number of states finite.
    fn fresh(&self) -> u8 {
        let rows = [self.source, self.target];
        let open = self.a.iter().chain(&self.take).map(|open| open.row);
        let used: Vec<u8> =
            rows.into_iter().chain(open).flat_map(|row| [row.proof, row.armed, row.opened]).flatten().collect();
        let held = |id: u8| {
            self.workers.iter().any(|slot| {
                let closing = slot.worker.closing.as_ref().is_some_and(|closing| closing.hash == id.to_string());
                let at = matches!(&slot.worker.at, Stmt::F9Open(p) | Stmt::TakeOpen(p) if *p == uuid(id));
                let taking = matches!(&slot.worker.at, Stmt::TakeArm(c) if c.hash == id.to_string());
                !slot.over && (closing || at || taking)
            })
        };
        let past = [self.committed, self.leaked];
        (0..u8::MAX).find(|id| !used.contains(id) && !past.contains(&Some(*id)) && !held(*id)).unwrap_or(u8::MAX)
    }

    /// Makes states that differ only in what can't matter the same. Whoever is finished remembers nothing; counters of
    /// patience stand just before their end, since what comes before is only more of the same.
    pub(crate) fn normalise(&mut self) {
        for slot in &mut self.workers {
            if slot.over {
                (slot.worker, slot.early) = (Worker::new(0, false), None);
            }
            let worker = &mut slot.worker;
            (worker.tries, worker.rounds, worker.refusals) = (worker.tries.max(8), 2, worker.refusals.max(4));
            worker.declared = true;
        }
        self.forget_tokens();
    }

    /// Tokens that no worker remembers are as good as gone; the positions move with them.
    fn forget_tokens(&mut self) {
        let of = |slot: &Slot| slot.worker.tokens.iter().map(|t| number(*t)).chain(slot.early).collect::<Vec<u8>>();
        let known: Vec<u8> = self.workers.iter().flat_map(of).collect();
        let mut index = 0;
        while index < self.log.len() {
            match self.log[index] {
                Entry::Token(id) if !known.contains(&id) => {
                    self.log.remove(index);
                    self.applied -= usize::from(index < self.applied);
                    self.flushed -= usize::from(index < self.flushed);
                }
                _ => index += 1,
            }
        }
    }

    /// The source takes writes: the committed row says so. (A lock makes them wait; it does not close.)
    pub(crate) fn source_open(&self) -> bool {
        self.source.owner
    }

    /// Writers would not wait.
    pub(crate) fn is_locked(&self) -> bool {
        self.a.as_ref().is_some_and(|open| open.locked)
    }
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
fn answer_of_idle(stmt: &Stmt) -> Option<Event> {
    match stmt {
        Stmt::ReadWish => Some(Event::Wish { abort: false, prepared: true }),
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
