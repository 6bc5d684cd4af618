//! The protocol of the fence, pure: which statement follows which answer.
//!
//! In: the worker's memory and the answer to its outstanding statement. Out: the memory and the next statement, or none
//! and an outcome. It has no clock, no randomness and no connection. What a worker remembers only saves questions: after
//! anything unexpected it goes back to reading the rows, and what they say decides.
//!
//! Long because the protocol is one state machine, and half of one proves nothing.

use super::sequence::ahead;
use super::stmt::{Closing, Event, Fate, Side, Stmt};
use uuid::Uuid;

/// Tries of the lock in one transaction. A's transaction holds back vacuum, so it is not kept open for the whole budget.
const LOCK_TRIES: u32 = 10;
/// Tokens in a row that have to travel quickly before writers are blocked.
const QUICK_ROUNDS: u32 = 3;
/// How often the target may definitely refuse to open before the source is taken back.
const OPEN_TRIES: u32 = 5;
/// How often the end of the stream that led here is tried; the target is open, so whoever looks later may try again.
const END_TRIES: u32 = 5;

/// What the worker remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    /// The outstanding statement.
    pub at: Stmt,
    /// Only finish what an earlier worker began: stop if the source is the owner.
    pub only_finish: bool,
    /// A stream leads back once the target is open.
    pub way_back: bool,
    /// How far sequences are set ahead, in calls.
    pub margin: i64,
    /// The source's owner row as last read.
    pub source: Option<Side>,
    /// The epoch that the target has or will have as owner.
    pub epoch: i64,
    /// The closing transaction of this attempt.
    pub closing: Option<Closing>,
    /// This worker's commit closed the source.
    pub closed_here: bool,
    /// Rights have been written down and the target closed.
    pub declared: bool,
    /// Tokens in a row that travelled quickly.
    pub rounds: u32,
    /// Tries of the lock in this transaction.
    pub tries: u32,
    /// Tokens of this attempt.
    pub tokens: Vec<Uuid>,
    /// How often the target definitely refused to open.
    pub refusals: u32,
    /// The target is the owner.
    pub opened: bool,
    /// Where the way back begins.
    pub position: Option<String>,
    /// How often the streams could not be exchanged.
    pub failed_ends: u32,
    /// Set with the last statement's answer.
    pub outcome: Option<Outcome>,
}

/// What it came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The target is the owner.
    TargetOwns,
    /// The source is the owner and only something unfinished was to be finished.
    SourceOwns,
    /// The source is the owner and the migration is to be taken back.
    AbortWanted,
    /// The source is the owner and the service is not prepared.
    NotPrepared,
    /// The source is the owner and there is no time left.
    BudgetSpent,
    /// A newer worker has begun; it decides.
    Superseded,
    /// A side has no owner row of this migration.
    NotRegistered,
    /// Both sides claim to own: a server came back from a backup or a standby without its last commits.
    BothOwn,
    /// The target refused to open, so the source has been opened again.
    TakenBack,
    /// The source is closed and the target could not be opened in time; anyone with the proof still can.
    Stranded,
}

impl Worker {
    /// A worker that knows nothing: it begins by reading the rows.
    #[must_use]
    pub fn new(margin: i64, only_finish: bool) -> Self {
        Self {
            at: Stmt::ReadSource,
            only_finish,
            way_back: false,
            margin,
            source: None,
            epoch: 0,
            closing: None,
            closed_here: false,
            declared: false,
            rounds: 0,
            tries: 0,
            tokens: Vec::new(),
            refusals: 0,
            opened: false,
            position: None,
            failed_ends: 0,
            outcome: None,
        }
    }

    /// The source has closed, as far as this worker knows: from here on giving up helps nobody.
    #[must_use]
    pub fn is_past_closing(&self) -> bool {
        self.closed_here || self.source.as_ref().is_some_and(|side| !side.is_owner)
    }
}

/// The next statement after `event`, the answer to `worker.at`.
#[must_use]
pub fn step(worker: &Worker, event: Event) -> (Worker, Option<Stmt>) {
    let mut worker = worker.clone();
    let at = worker.at.clone();
    let next = if event == Event::Superseded { worker.stop(Outcome::Superseded) } else { worker.answer(at, event) };
    if let Some(stmt) = &next {
        worker.at = stmt.clone();
    }
    (worker, next)
}

impl Worker {
    fn answer(&mut self, at: Stmt, event: Event) -> Option<Stmt> {
        match at {
            Stmt::ReadSource | Stmt::ReadTarget | Stmt::ReadWish { .. } | Stmt::Rest => self.read(&at, event),
            // One that failed has passed nothing: the slot keeps more than it must.
            Stmt::P3Advance => Some(Stmt::ReadWish { epoch: self.epoch - 1 }),
            Stmt::P2Declare | Stmt::P2Close | Stmt::P5Quiet | Stmt::P5RoundTrip => self.prepare(&at, event),
            Stmt::F1Begin { .. } | Stmt::F1Journal(_) | Stmt::F2Arm(_) => self.arm(&at, event),
            Stmt::F3Lock | Stmt::F3Unlock | Stmt::F3Wait { .. } => self.lock(&at, &event),
            Stmt::F4Check | Stmt::F5Token | Stmt::F5Look(_) => self.drain(&at, event),
            Stmt::F6Read | Stmt::F6Set(_) | Stmt::F7Flush { .. } => self.flush(&at, event),
            Stmt::F8Close | Stmt::F8Status(_) => self.close(&at, &event),
            Stmt::F9Proof | Stmt::F9Open(_) => self.open(&at, &event),
            Stmt::F10Tidy | Stmt::F10Stop { .. } | Stmt::F10Slot | Stmt::F10Enable { .. } => self.exchange(&at, event),
            Stmt::Retreat => Some(Stmt::Rest),
            _ => self.take_back(&at, event),
        }
    }

    /// Rows decide. Source owns: (again) from the start. Source closed, target armed: open it. Source closed, target
    /// neither armed nor owner: a taking back is unfinished. Target owns: tidy.
    fn read(&mut self, at: &Stmt, event: Event) -> Option<Stmt> {
        match (at, event) {
            (Stmt::Rest, Event::BudgetSpent) if self.opened => self.stop(Outcome::TargetOwns),
            (Stmt::Rest, Event::BudgetSpent) if self.is_past_closing() => self.stop(Outcome::Stranded),
            (Stmt::Rest, Event::BudgetSpent) => self.stop(Outcome::BudgetSpent),
            (Stmt::Rest, _) => Some(self.restart()),
            (Stmt::ReadSource | Stmt::ReadTarget, Event::Owner(None)) => self.stop(Outcome::NotRegistered),
            (Stmt::ReadSource, Event::Owner(Some(side))) => {
                self.source = Some(side);
                Some(Stmt::ReadTarget)
            }
            (Stmt::ReadTarget, Event::Owner(Some(target))) => self.decide(&target),
            (Stmt::ReadWish { .. }, Event::Wish { abort: true, .. }) => self.stop(Outcome::AbortWanted),
            (Stmt::ReadWish { .. }, Event::Wish { prepared: false, .. }) => self.stop(Outcome::NotPrepared),
            (Stmt::ReadWish { .. }, Event::Wish { .. }) if self.declared => Some(Stmt::P5Quiet),
            (Stmt::ReadWish { .. }, Event::Wish { .. }) => Some(Stmt::P2Declare),
            _ => Some(Stmt::Rest),
        }
    }

    fn decide(&mut self, target: &Side) -> Option<Stmt> {
        let source = self.source.clone()?;
        self.epoch = target.epoch;
        match (source.is_owner, target.is_owner, target.armed) {
            (true, true, _) => self.stop(Outcome::BothOwn),
            (true, false, _) if self.only_finish => self.stop(Outcome::SourceOwns),
            (true, false, _) => {
                self.epoch = source.epoch + 1;
                (self.closed_here, self.opened) = (false, false);
                Some(if self.way_back { Stmt::P3Advance } else { Stmt::ReadWish { epoch: source.epoch } })
            }
            (false, true, _) => {
                self.opened = true;
                Some(Stmt::F10Tidy)
            }
            (false, false, true) => Some(Stmt::F9Proof),
            (false, false, false) => Some(Stmt::TakeProof),
        }
    }

    fn prepare(&mut self, at: &Stmt, event: Event) -> Option<Stmt> {
        match (at, event) {
            (Stmt::P2Declare, Event::Done) => Some(Stmt::P2Close),
            (Stmt::P2Close, Event::Done) => {
                self.declared = true;
                Some(Stmt::P5Quiet)
            }
            (Stmt::P5Quiet, Event::Yes) => Some(Stmt::P5RoundTrip),
            (Stmt::P5Quiet, Event::No) => Some(Stmt::P5Quiet),
            (Stmt::P5RoundTrip, Event::Yes) => {
                self.rounds += 1;
                let quick = self.rounds >= QUICK_ROUNDS;
                Some(if quick { Stmt::F1Begin { epoch: self.epoch - 1 } } else { Stmt::P5RoundTrip })
            }
            (Stmt::P5RoundTrip, Event::No) => {
                self.rounds = 0;
                Some(Stmt::P5RoundTrip)
            }
            _ => Some(Stmt::Rest),
        }
    }

    fn arm(&mut self, at: &Stmt, event: Event) -> Option<Stmt> {
        match (at, event) {
            (Stmt::F1Begin { .. }, Event::Closing(closing)) => {
                self.closing = Some(closing.clone());
                Some(Stmt::F1Journal(closing))
            }
            (Stmt::F1Journal(closing), Event::Done) => Some(Stmt::F2Arm(closing.clone())),
            (Stmt::F2Arm(_), Event::Done) => Some(Stmt::F3Lock),
            _ => Some(Stmt::Retreat),
        }
    }

    fn lock(&mut self, at: &Stmt, event: &Event) -> Option<Stmt> {
        match (at, event) {
            (Stmt::F3Lock, Event::Done) => Some(Stmt::F4Check),
            (Stmt::F3Lock, Event::LockTimeout) => Some(Stmt::F3Unlock),
            (Stmt::F3Unlock, Event::Done) => {
                self.tries += 1;
                let again = self.tries < LOCK_TRIES;
                Some(if again { Stmt::F3Wait { tries: self.tries } } else { Stmt::Retreat })
            }
            (Stmt::F3Wait { .. }, Event::Done) => Some(Stmt::F3Lock),
            _ => Some(Stmt::Retreat),
        }
    }

    fn drain(&mut self, at: &Stmt, event: Event) -> Option<Stmt> {
        match (at, event) {
            (Stmt::F4Check, Event::Yes) => Some(Stmt::F5Token),
            (Stmt::F5Token, Event::Token(token)) => {
                self.tokens.push(token);
                Some(Stmt::F5Look(token))
            }
            (Stmt::F5Look(token), Event::No) => Some(Stmt::F5Look(*token)),
            (Stmt::F5Look(_), Event::Yes) => Some(Stmt::F6Read),
            _ => Some(Stmt::Retreat),
        }
    }

    fn flush(&mut self, at: &Stmt, event: Event) -> Option<Stmt> {
        let tokens = self.tokens.clone();
        match (at, event) {
            (Stmt::F6Read, Event::Sequences(sequences)) => {
                Some(Stmt::F6Set(sequences.iter().map(|sequence| ahead(sequence, self.margin)).collect()))
            }
            (Stmt::F6Set(_), Event::Done) => Some(Stmt::F7Flush { epoch: self.epoch, tokens }),
            (Stmt::F7Flush { .. }, Event::Yes) => Some(Stmt::F8Close),
            // The target has crashed in between and lost what it had shown: wait for the token once more. The sequences
            // may be lost as well, so they are set again after it.
            (Stmt::F7Flush { .. }, Event::No) => tokens.last().map(|token| Stmt::F5Look(*token)),
            _ => Some(Stmt::Retreat),
        }
    }

    /// Only a definite refusal of F8 is a retreat. A lost answer is settled by asking for the transaction's fate.
    fn close(&mut self, at: &Stmt, event: &Event) -> Option<Stmt> {
        let closing = self.closing.clone()?;
        match (at, event) {
            (Stmt::F8Close, Event::Done) | (Stmt::F8Status(_), Event::Fate(Fate::Committed)) => {
                self.closed_here = true;
                Some(Stmt::F9Proof)
            }
            (Stmt::F8Close, Event::Failed | Event::PauseSpent) => Some(Stmt::Retreat),
            (Stmt::F8Status(_), Event::Fate(Fate::Aborted | Fate::Unknown) | Event::BudgetSpent) => Some(Stmt::Rest),
            _ => Some(Stmt::F8Status(closing)),
        }
    }

    fn open(&mut self, at: &Stmt, event: &Event) -> Option<Stmt> {
        match (at, event) {
            (Stmt::F9Proof, Event::Proof(Some(proof))) => Some(Stmt::F9Open(*proof)),
            (Stmt::F9Open(_), Event::Yes) => {
                self.opened = true;
                Some(Stmt::F10Tidy)
            }
            (Stmt::F9Open(_), Event::Failed) => {
                self.refusals += 1;
                let go_back = self.refusals >= OPEN_TRIES;
                Some(if go_back { Stmt::TakeBegin { epoch: self.epoch } } else { Stmt::Rest })
            }
            _ => Some(Stmt::Rest),
        }
    }

    /// The target owns. The stream that led here ends, subscription and slot, before the one that leads back may begin:
    /// what either carries would go round through the other.
    fn exchange(&mut self, at: &Stmt, event: Event) -> Option<Stmt> {
        match (at, event) {
            // What could not be tidied is in nobody's way.
            (Stmt::F10Tidy, _) => Some(Stmt::F10Stop { epoch: self.epoch }),
            (Stmt::F10Stop { .. }, Event::Stopped(position)) => {
                self.position = position;
                Some(Stmt::F10Slot)
            }
            (Stmt::F10Slot, Event::No) => Some(Stmt::F10Slot),
            (Stmt::F10Slot, Event::Yes) => match self.position.clone().filter(|_| self.way_back) {
                Some(position) => Some(Stmt::F10Enable { position }),
                None => self.stop(Outcome::TargetOwns),
            },
            // No: there is no such subscription any more, and no way back.
            (Stmt::F10Enable { .. }, Event::Yes | Event::No) => self.stop(Outcome::TargetOwns),
            _ => {
                self.failed_ends += 1;
                let given_up = self.failed_ends >= END_TRIES;
                if given_up { self.stop(Outcome::TargetOwns) } else { Some(Stmt::Rest) }
            }
        }
    }

    /// The same step with the sides exchanged. If `open` won the race, the rows say so.
    fn take_back(&mut self, at: &Stmt, event: Event) -> Option<Stmt> {
        match (at, event) {
            (Stmt::TakeBegin { .. }, Event::Closing(closing)) => Some(Stmt::TakeArm(closing)),
            (Stmt::TakeArm(_), Event::Done) => Some(Stmt::TakeCommit),
            (Stmt::TakeBegin { .. } | Stmt::TakeArm(_), _) => Some(Stmt::TakeRetreat),
            (Stmt::TakeCommit, Event::Done) => Some(Stmt::TakeProof),
            (Stmt::TakeProof, Event::Proof(Some(proof))) => Some(Stmt::TakeOpen(proof)),
            // What the target refused it would refuse again, each time for a pause: someone has to look at it.
            (Stmt::TakeOpen(_), Event::Yes) if self.refusals >= OPEN_TRIES => self.stop(Outcome::TakenBack),
            (Stmt::TakeOpen(_), Event::Yes) => {
                (self.closed_here, self.source) = (false, None);
                Some(Stmt::Rest)
            }
            _ => Some(Stmt::Rest),
        }
    }

    /// Forgets the attempt, not what spares work: rows are read again.
    fn restart(&mut self) -> Stmt {
        self.source = None;
        self.closing = None;
        (self.opened, self.position) = (false, None);
        self.tokens.clear();
        self.tries = 0;
        self.rounds = 0;
        Stmt::ReadSource
    }

    fn stop(&mut self, outcome: Outcome) -> Option<Stmt> {
        self.outcome = Some(outcome);
        None
    }
}
