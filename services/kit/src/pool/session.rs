//! One attempt's connection. In comes a connection of the pool; out goes an outcome: committed, aborted for sure, or in
//! doubt. Must not decide whether to try again.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _, Postgres};
use tokio::time::timeout;

use super::behalf::Behalf;
use super::fault::{self, Fault};
use super::lookup::Doubts;
use super::ramp::Turn;

/// How long a rollback may take before the connection is thrown away instead.
const ROLLBACK: Duration = Duration::from_secs(1);

/// How an attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server wrote nothing.
    Aborted(Fault, sqlx::Error),
    /// Nobody here can tell whether the server wrote.
    InDoubt(sqlx::Error),
}

/// Work on the database: a function of a session and of what it was given, which may run several times. What it was
/// given comes as a parameter and isn't captured, and the future is boxed, because the compiler can't yet prove `Send`
/// for a call's future that is generic over an async closure. A closure is one: `|tx, given| Box::pin(async move { … })`.
pub trait Work<A: ?Sized, T>:
    for<'c> Fn(&'c mut Session, &'c A) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + Sync
{
}

impl<A: ?Sized, T, F> Work<A, T> for F where
    F: for<'c> Fn(&'c mut Session, &'c A) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + Sync
{
}

/// What work is given: a connection, in a transaction unless the work asked for none.
#[derive(Debug)]
pub struct Session {
    connection: PoolConnection<Postgres>,
    attempt: u32,
    /// Where the first sign that this side was closed is raised, before the connection goes back for others to fail on.
    doubts: Arc<Doubts>,
    /// How often requests had moved when this began.
    moves: u64,
    /// Whether the connection is known to be between transactions. While it isn't, dropping the session (a deadline, a
    /// client that went away) closes the connection, for it may be anywhere inside a statement.
    settled: bool,
    /// Given back last, when there is nothing more to do on this side.
    _turn: Turn,
}

impl Session {
    /// `moves` is how often requests had moved when the side was chosen.
    pub(crate) fn new(
        connection: PoolConnection<Postgres>,
        attempt: u32,
        doubts: &Arc<Doubts>,
        moves: u64,
        turn: Turn,
    ) -> Self {
        Self { connection, attempt, doubts: Arc::clone(doubts), moves, settled: false, _turn: turn }
    }

    fn judge(&self, error: &sqlx::Error) -> Fault {
        let fault = fault::of_statement(error);
        if fault == Fault::Closed {
            self.doubts.raise(fault::fingerprint(error), self.moves);
        }
        fault
    }

    /// The connection to run statements on.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// 1 for the first attempt. Later ones may find what an earlier one left: its effect, if the answer to its commit
    /// was lost, or its locks, for as long as the server takes to notice that it is gone.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Runs `work` in a transaction, on somebody's behalf.
    pub(crate) async fn transact<A: Sync + ?Sized, T>(
        mut self,
        behalf: &Behalf,
        given: &A,
        work: &impl Work<A, T>,
    ) -> Result<T, Failure> {
        if let Err(error) = self.conn().execute(sqlx::raw_sql(AssertSqlSafe(behalf.begin()))).await {
            return Err(self.abort(error).await);
        }
        match work(&mut self, given).await {
            Ok(value) => self.commit(behalf).await.map(|()| value),
            Err(error) => Err(self.abort(error).await),
        }
    }

    /// Runs `work` without a transaction: each of its statements commits by itself, and an answer that got lost leaves
    /// its effect in doubt.
    pub(crate) async fn run<A: Sync + ?Sized, T>(mut self, given: &A, work: &impl Work<A, T>) -> Result<T, Failure> {
        match work(&mut self, given).await {
            Ok(value) => {
                self.settled = true;
                Ok(value)
            }
            Err(error) => match self.judge(&error) {
                Fault::Lost => Err(Failure::InDoubt(error)),
                fault => {
                    self.settled = true;
                    Err(Failure::Aborted(fault, error))
                }
            },
        }
    }

    async fn commit(mut self, behalf: &Behalf) -> Result<(), Failure> {
        match self.conn().execute(sqlx::raw_sql(AssertSqlSafe(behalf.commit()))).await {
            Ok(_) => {
                self.settled = true;
                Ok(())
            }
            Err(error) if fault::leaves_commit_in_doubt(&error) => Err(Failure::InDoubt(error)),
            Err(error) => Err(self.abort(error).await),
        }
    }

    async fn abort(mut self, error: sqlx::Error) -> Failure {
        let fault = self.judge(&error);
        if fault != Fault::Lost {
            let rollback = self.conn().execute(sqlx::raw_sql("ROLLBACK"));
            let rolled_back = matches!(timeout(ROLLBACK, rollback).await, Ok(Ok(_)));
            // A read-only server is one that was demoted, or is a side that closed: its connections are of no more use.
            self.settled = rolled_back && fault != Fault::ReadOnly;
        }
        Failure::Aborted(fault, error)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.settled {
            self.connection.close_on_drop();
        }
    }
}
