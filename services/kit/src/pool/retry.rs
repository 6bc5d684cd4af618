//! Doing work again until it is done. In come work and what may be repeated; out goes a result or the reason to give
//! up. Must not interpret errors (`fault.rs`) or rows (`owner.rs`).

use std::sync::Arc;

use tokio::time::{Duration, Instant, sleep, sleep_until};

use super::Db;
use super::error::DbError;
use super::fault::{self, Fault};
use super::inner::Inner;
use super::lookup::{Doubt, Verdict};
use super::session::{Failure, Session, Work};
use super::view::View;
use crate::http::context;

/// How often somebody who waits for a connection has the owner looked up: the server may be gone, and with it the
/// answer that would have told.
const IMPATIENCE: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Transaction,
    Autocommit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replay {
    OnlyIfAborted,
    Always,
}

/// How far one call has come.
struct Course {
    attempt: u32,
    deadline: Instant,
    budget: Duration,
    /// When repeating must stop; set by the first failure, so that time spent waiting in a fence doesn't count.
    until: Option<Instant>,
}

impl Course {
    /// Counts a failure. The time is the end of all repeating.
    fn failed(&mut self) -> Instant {
        let (budget, deadline) = (self.budget, self.deadline);
        *self.until.get_or_insert_with(|| (Instant::now() + budget).min(deadline))
    }
}

/// The name under which a request's time in the database is told.
pub(crate) const WAIT: &str = "db";

impl Db {
    /// Does `work` until it is done or can't be; the request at hand is told how long that took.
    pub(super) async fn drive<A: Sync + ?Sized, T>(
        &self,
        mode: Mode,
        replay: Replay,
        given: &A,
        work: impl Work<A, T>,
    ) -> Result<T, DbError> {
        let _waiting = context::waiting(WAIT);
        let mut course =
            Course { attempt: 0, deadline: Self::deadline(), budget: self.inner.settings.retry_budget, until: None };
        loop {
            course.attempt += 1;
            let (view, failure) = match self.inner.lease(&course).await {
                Ok((view, session)) => {
                    let outcome = match mode {
                        Mode::Transaction => session.transact(&self.behalf, given, &work).await,
                        Mode::Autocommit => session.run(given, &work).await,
                    };
                    match outcome {
                        Ok(value) => return Ok(value),
                        Err(failure) => (view, failure),
                    }
                }
                Err((view, Some(error))) => (view, Failure::Aborted(fault::of_connecting(&error), error)),
                Err((_, None)) => return Err(self.inner.give_up(DbError::NoConnection)),
            };
            if let Err(error) = self.inner.recover(&mut course, replay, &view, failure).await {
                return Err(self.inner.give_up(error));
            }
        }
    }
}

type NoLease = (Arc<View>, Option<sqlx::Error>);

impl Inner {
    /// A connection to the active side, whichever that becomes while waiting for one. `None` as error: the time is up.
    async fn lease(self: &Arc<Self>, course: &Course) -> Result<(Arc<View>, Session), NoLease> {
        let mut views = self.views.subscribe();
        'side: loop {
            let view = Arc::clone(&views.borrow_and_update());
            let connecting = view.active().pool().acquire();
            tokio::pin!(connecting);
            loop {
                tokio::select! {
                    biased;
                    connected = &mut connecting => match connected {
                        Ok(connection) => {
                            let turn = Arc::clone(&view.ramp).turn(course.deadline).await;
                            self.settle_doubts().await;
                            let now = self.view();
                            if !Arc::ptr_eq(now.active(), view.active()) {
                                continue 'side;
                            }
                            let session = Session::new(connection, course.attempt, &self.doubts, now.moves, turn);
                            return Ok((now, session));
                        }
                        Err(error) => return Err((view, Some(error))),
                    },
                    changed = views.changed() => {
                        if changed.is_err() || !Arc::ptr_eq(views.borrow().active(), view.active()) {
                            break;
                        }
                    }
                    () = sleep_until(course.deadline) => return Err((view, None)),
                    () = sleep(IMPATIENCE), if view.next.is_some() => self.wonder(&view),
                }
            }
        }
    }

    /// Has the owner looked up in the background, unless somebody is about to.
    fn wonder(self: &Arc<Self>, view: &Arc<View>) {
        if view.next.is_none() || self.asking.try_lock().is_err() {
            return;
        }
        let (inner, view) = (Arc::clone(self), Arc::clone(view));
        // Shared with everyone who wondered within the last second; what a refusal would tell is asked at once.
        let since = Instant::now().checked_sub(Duration::from_secs(1)).unwrap_or_else(Instant::now);
        tokio::spawn(async move { inner.ask(Doubt { since, view: &view, refusal: None }).await });
    }

    /// Returns when it is time for the next attempt, or with the error that ends the call.
    async fn recover(
        self: &Arc<Self>,
        course: &mut Course,
        replay: Replay,
        view: &Arc<View>,
        failure: Failure,
    ) -> Result<(), DbError> {
        let (fault, error, label) = match failure {
            Failure::InDoubt(error) if replay == Replay::OnlyIfAborted => return Err(DbError::InDoubt(error)),
            Failure::InDoubt(error) => (Fault::Lost, error, "in_doubt"),
            Failure::Aborted(Fault::Fatal, error) => return Err(DbError::Refused(error)),
            Failure::Aborted(fault, error) => (fault, error, fault.label()),
        };
        let until = course.failed();
        let again = match fault {
            Fault::Closed | Fault::ReadOnly => self.follow(course, view, fault, &error, until).await,
            Fault::Serialization | Fault::Deadlock | Fault::Lost | Fault::Unavailable | Fault::Fatal => {
                self.wonder(view);
                self.rest(fault, course.attempt + 1, until).await
            }
        };
        match again {
            Next::Attempt => {
                self.metrics.retries.with_label_values(&[label]).inc();
                Ok(())
            }
            Next::Refused => Err(DbError::Refused(error)),
            Next::OutOfTime => Err(DbError::GaveUp { reason: label, attempts: course.attempt, source: error }),
        }
    }

    /// After a refusal that may mean "closed": asks until somebody owns.
    async fn follow(&self, course: &Course, view: &View, fault: Fault, error: &sqlx::Error, until: Instant) -> Next {
        let refusal = fault::fingerprint(error);
        let mut since = Instant::now();
        let mut questions = course.attempt;
        loop {
            let verdict = self.ask(Doubt { since, view, refusal: Some(refusal) }).await;
            if self.moved_from(view) {
                return Next::Attempt;
            }
            let rested = match verdict {
                // Nothing moved, so the refusal means what it says, except that a read-only server may be one that is
                // being replaced behind its name.
                Verdict::Decided | Verdict::Alone | Verdict::Proven(_) if fault == Fault::ReadOnly => {
                    return self.rest(fault, questions + 1, until).await;
                }
                Verdict::Decided => return Next::Refused,
                Verdict::Alone => {
                    // The file may have arrived within the last second.
                    self.refresh().await;
                    if self.view().next.is_none() {
                        return if self.moved_from(view) { Next::Attempt } else { Next::Refused };
                    }
                    // There is somebody to ask now, and the last answer is from before that.
                    since = Instant::now();
                    Next::Attempt
                }
                Verdict::Proven(again) => {
                    sleep_until(again.min(until)).await;
                    if Instant::now() < until { Next::Attempt } else { Next::Refused }
                }
                Verdict::Wait => {
                    let rested = self.rest(fault, questions.saturating_add(1), until).await;
                    since = Instant::now();
                    rested
                }
            };
            if rested != Next::Attempt {
                return rested;
            }
            questions += 1;
        }
    }

    /// Waits before the next attempt or question, until requests move: then there is nothing to wait for any more.
    async fn rest(&self, fault: Fault, next: u32, until: Instant) -> Next {
        let pause = fault::pause(fault, next, rand::random::<f64>());
        if Instant::now() + pause >= until {
            return Next::OutOfTime;
        }
        let mut views = self.views.subscribe();
        tokio::select! {
            () = sleep(pause) => {}
            // An error would mean that nobody can move requests any more, which is no reason to wait either.
            _ = views.changed() => {}
        }
        Next::Attempt
    }

    fn give_up(&self, error: DbError) -> DbError {
        self.metrics.failures.with_label_values(&[error.label()]).inc();
        error
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Attempt,
    Refused,
    OutOfTime,
}
