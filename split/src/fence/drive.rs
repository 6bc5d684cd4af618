//! Runs the protocol: sends what `step` chooses, turns answers into events, keeps the time.
//!
//! In: configuration and endpoints. Out: a report or an error. One `turn` is one statement; dropping a `Drive` between
//! two turns is what a crash of the worker looks like, and a later `Drive` goes on from the rows. It decides nothing
//! but when time is up.

use super::answer::{failure, success};
use super::clock::{Clock, back_off};
use super::config::{CutoverConfig, CutoverReport, WayBack};
use super::error::{Cause, FenceError};
use super::rehearsal::Rehearsal;
use super::render::{look, render};
use super::sessions::Sessions;
use super::step::{Outcome, Worker, step};
use super::stmt::{Event, Fate, Place, Stmt};
use crate::connect::Endpoint;
use crate::failpoint::{self, Moment};
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// How long a statement outside of the pause may take, connecting included.
const STATEMENT_LIMIT: Duration = Duration::from_secs(10);
/// How long to go on after the source has closed, beyond the budget.
const AFTER_CLOSING: Duration = Duration::from_secs(30);
/// Between two looks for a token. The timer's granularity is a millisecond.
const LOOK_AGAIN: Duration = Duration::from_micros(500);
/// Between opening the target and tidying up: every request that waited comes back in this time, and the server is theirs.
const UNHURRIED: Duration = Duration::from_millis(300);
/// Between two questions outside of the pause.
const ASK_AGAIN: Duration = Duration::from_millis(20);
/// How long a token may take outside of the pause.
const TOKEN_LIMIT: Duration = Duration::from_secs(5);
/// Between two times that the slot of the way back passes what it needn't keep. The server reads all of its WAL since the
/// last one for it, whosever that is.
const ADVANCE_AGAIN: Duration = Duration::from_secs(10);
/// How long the reader of a slot may take to end.
const READER_LIMIT: Duration = Duration::from_secs(30);

/// One cutover in progress.
pub struct Drive {
    cfg: CutoverConfig,
    sessions: Sessions,
    pub(super) worker: Worker,
    next: Option<Stmt>,
    pub(super) clock: Clock,
    pub(super) cause: Option<Cause>,
    opened: Option<Timestamp>,
    /// When the slot of the way back was last known to keep little.
    advanced: Option<Instant>,
    pub(super) rehearsal: Rehearsal,
}

impl Drive {
    /// Nothing is sent yet. `only_finish`: stop if the source owns, instead of closing it.
    #[must_use]
    pub fn new(cfg: &CutoverConfig, source: &Endpoint, target: &Endpoint, only_finish: bool) -> Self {
        let way_back = cfg.way_back != WayBack::None;
        let worker = Worker { way_back, ..Worker::new(cfg.sequence_margin, only_finish) };
        Self {
            cfg: cfg.clone(),
            sessions: Sessions::new(source, target),
            next: Some(worker.at.clone()),
            worker,
            clock: Clock::start(),
            cause: None,
            opened: None,
            advanced: (cfg.way_back == WayBack::New).then(Instant::now),
            rehearsal: Rehearsal::No,
        }
    }

    /// The statement that the next turn sends; none once it is over.
    #[must_use]
    pub fn next(&self) -> Option<&Stmt> {
        self.next.as_ref()
    }

    /// Sends one statement and takes in its answer; false once it is over.
    pub async fn turn(&mut self) -> bool {
        let Some(stmt) = self.next.take() else { return false };
        failpoint::statement(&stmt, Moment::Before).await;
        let begun = Instant::now();
        self.clock.sending(&stmt);
        let event = self.execute(&stmt).await;
        self.clock.answered(&stmt, &event, begun.elapsed());
        failpoint::statement(&stmt, Moment::After).await;
        let event = self.in_time(&stmt, event);
        let event = self.rehearsal.tell(&stmt, event, begun.elapsed(), &self.clock);
        tracing::debug!(migration = %self.cfg.migration, ?stmt, ?event, took = ?begun.elapsed(), "fence");
        self.remember(&stmt, &event);
        let (worker, next) = step(&self.worker, event);
        (self.worker, self.next) = (worker, next.filter(|_| !self.rehearsal.is_over(&stmt)));
        self.next.is_some()
    }

    /// What it came to, once `turn` has returned false.
    ///
    /// # Errors
    /// The target does not own the data; the variant says who does.
    pub fn finish(self) -> Result<Option<CutoverReport>, FenceError> {
        match self.worker.outcome {
            Some(Outcome::TargetOwns) => {
                let at = self.opened.unwrap_or_else(Timestamp::now);
                Ok(Some(self.clock.report(self.worker.epoch, at, self.worker.closed_here)))
            }
            Some(Outcome::SourceOwns) => Ok(None),
            other => {
                let outcome = other.unwrap_or(Outcome::BudgetSpent);
                Err(FenceError::of(outcome, self.clock.attempts, self.cause))
            }
        }
    }

    async fn execute(&mut self, stmt: &Stmt) -> Event {
        match stmt {
            Stmt::Rest => self.rest().await,
            Stmt::F3Wait { tries } => self.wait(*tries).await,
            Stmt::P3Advance => self.advance(stmt).await,
            Stmt::P5Quiet => self.quiet(stmt).await,
            Stmt::P5RoundTrip => self.round_trip(stmt).await,
            Stmt::F5Look(_) => self.again(stmt, LOOK_AGAIN).await,
            Stmt::F8Status(closing) => self.status(stmt, closing.pid).await,
            Stmt::F1Begin { .. } => match self.sessions.warm(STATEMENT_LIMIT).await {
                Ok(()) => self.send(stmt).await,
                Err(cause) => self.lost(cause),
            },
            Stmt::F10Tidy => {
                tokio::time::sleep(UNHURRIED).await;
                self.send(stmt).await
            }
            Stmt::F10Slot => self.drop_slot(stmt).await,
            _ => self.send(stmt).await,
        }
    }

    async fn send(&mut self, stmt: &Stmt) -> Event {
        let sql = render(stmt, &self.cfg);
        self.send_sql(stmt, stmt.place(self.cfg.direction), &sql).await
    }

    async fn send_sql(&mut self, stmt: &Stmt, place: Place, sql: &str) -> Event {
        // A statement of the pause that isn't answered in time is lost: the server frees the writers by itself.
        let limit = if stmt.blocks_writers() { self.cfg.max_write_pause * 2 } else { STATEMENT_LIMIT };
        match self.sessions.run(stmt, place, sql, limit).await {
            Ok(rows) => success(stmt, &rows),
            Err(cause) => {
                let event = if let Cause::Query(error) = &cause { failure(stmt, error) } else { Event::Lost };
                self.cause = Some(cause);
                event
            }
        }
    }

    fn lost(&mut self, cause: Cause) -> Event {
        self.cause = Some(cause);
        Event::Lost
    }

    /// Asks once; before asking again (`No`), waits a little.
    async fn again(&mut self, stmt: &Stmt, pause: Duration) -> Event {
        let event = self.send(stmt).await;
        if event == Event::No {
            tokio::time::sleep(pause).await;
        }
        event
    }

    /// At a modest pace, whatever makes the fence begin again and again.
    async fn advance(&mut self, stmt: &Stmt) -> Event {
        if self.advanced.is_some_and(|last| last.elapsed() < ADVANCE_AGAIN) {
            return Event::Done;
        }
        self.advanced = Some(Instant::now());
        self.send(stmt).await
    }

    /// Whoever still reads from the slot takes a moment to end.
    async fn drop_slot(&mut self, stmt: &Stmt) -> Event {
        let event = self.again(stmt, ASK_AGAIN).await;
        if event == Event::No && self.clock.waited() < READER_LIMIT {
            return event;
        }
        self.clock.stop_waiting();
        if event == Event::No { Event::Failed } else { event }
    }

    /// Old transactions are waited for with patience, not for ever: the lock has its own timeout.
    async fn quiet(&mut self, stmt: &Stmt) -> Event {
        let event = self.again(stmt, ASK_AGAIN).await;
        let patient = self.clock.waited() < self.cfg.budget / 4;
        if event == Event::No && patient {
            return event;
        }
        self.clock.stop_waiting();
        if event == Event::No { Event::Yes } else { event }
    }

    /// Writes a token and waits for it. After half of the budget a slower stream has to do; the pause stays bounded.
    async fn round_trip(&mut self, stmt: &Stmt) -> Event {
        let begun = Instant::now();
        let token = match self.send(stmt).await {
            Event::Token(token) => token,
            other => return other,
        };
        let sql = look(&self.cfg, &token);
        let arrived = Stmt::F5Look(token);
        while begun.elapsed() < TOKEN_LIMIT {
            match self.send_sql(&arrived, Place::Target, &sql).await {
                Event::Yes => break,
                Event::No => tokio::time::sleep(LOOK_AGAIN).await,
                other => return other,
            }
        }
        let patient = self.clock.spent() < self.cfg.budget / 2;
        let limit = if patient { self.cfg.token_limit } else { self.cfg.token_limit.max(self.cfg.max_write_pause / 4) };
        if begun.elapsed() <= limit {
            return Event::Yes;
        }
        self.cause = Some(Cause::Slow(limit));
        tokio::time::sleep(ASK_AGAIN).await;
        Event::No
    }

    /// Lets writers go on before the next try of the lock. A must not be idle for as long as its timeout.
    async fn wait(&mut self, tries: u32) -> Event {
        let until = Instant::now() + back_off(tries, Duration::from_secs(1));
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Event::Done;
            }
            tokio::time::sleep(left.min(self.cfg.max_write_pause / 3)).await;
            let awake = self.send_sql(&Stmt::F3Wait { tries }, Place::A, "SELECT").await;
            if awake != Event::Done {
                return awake;
            }
        }
    }

    async fn rest(&mut self) -> Event {
        tokio::time::sleep(self.clock.rest(self.worker.is_past_closing())).await;
        Event::Done
    }

    /// A transaction whose COMMIT was not answered may still be at it; one that takes too long is ended.
    async fn status(&mut self, stmt: &Stmt, pid: i32) -> Event {
        let event = self.send(stmt).await;
        let decided = matches!(event, Event::Fate(fate) if fate != Fate::InProgress);
        if decided {
            self.clock.stop_waiting();
            return event;
        }
        let waited = self.clock.waited();
        if waited > self.cfg.max_write_pause * 2 {
            self.send_sql(stmt, Place::B, &format!("SELECT pg_terminate_backend({pid})")).await;
        }
        if waited > AFTER_CLOSING {
            return Event::BudgetSpent;
        }
        tokio::time::sleep(ASK_AGAIN).await;
        event
    }

    /// Turns an answer that came too late into the end of the pause or of the budget.
    fn in_time(&self, stmt: &Stmt, event: Event) -> Event {
        if event == Event::Superseded {
            return event;
        }
        let in_pause = stmt.blocks_writers() && !matches!(stmt, Stmt::F3Lock | Stmt::F8Close);
        // A quarter is left for closing and opening.
        if in_pause && self.clock.blocked() > self.cfg.max_write_pause * 3 / 4 {
            return Event::PauseSpent;
        }
        let budget = if self.worker.is_past_closing() { self.cfg.budget + AFTER_CLOSING } else { self.cfg.budget };
        let may_stop = matches!(stmt, Stmt::Rest | Stmt::P5Quiet | Stmt::P5RoundTrip | Stmt::F3Wait { .. });
        if may_stop && self.clock.spent() > budget { Event::BudgetSpent } else { event }
    }

    fn remember(&mut self, stmt: &Stmt, event: &Event) {
        match (stmt, event) {
            (_, Event::LockTimeout) => self.cause = Some(Cause::Locks),
            (_, Event::PauseSpent) => self.cause = Some(Cause::Pause),
            (Stmt::F4Check, Event::No) => self.cause = Some(Cause::Changed),
            (Stmt::F9Open(_), Event::Yes) => self.opened = Some(Timestamp::now()),
            _ => {}
        }
    }
}
