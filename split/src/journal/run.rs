//! Fencing of workers by run number.
//!
//! In: clients of both sides. Out: a run number greater than any before, set on the source, then on the target. From
//! then on every transaction of an older worker fails at its first statement; one that was already open is waited for
//! and, if it does not end soon, its session is terminated. What SQL can't fence (slots, subscriptions) carries the run
//! in its name, and clean-up ends the sessions of older runs first.

use super::JournalError;
use crate::connect::application_prefix;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};

/// How long a newcomer waits for the transaction of an older worker before it ends that worker's sessions.
const PATIENCE: &str = "500ms";
/// Tries until giving up; each takes at most twice `PATIENCE` on each side.
const TRIES: u32 = 10;
/// Raises the run of one side; touches no row if a newer or equal one is there.
const CLAIM: &str = "INSERT INTO rerp_split.run (migration, run) VALUES ($1, $2)
    ON CONFLICT (migration) DO UPDATE SET run = excluded.run WHERE run.run < excluded.run";
/// The same, but a migration that has been forgotten stays forgotten.
const RENEW: &str = "UPDATE rerp_split.run SET run = $2 WHERE migration = $1 AND run < $2";

/// Takes the migration over: no older worker can change anything any more once this returns.
///
/// # Errors
/// Other workers kept doing the same, an older session could not be ended, or a statement failed.
pub async fn claim(source: &Client, target: &Client, migration: &str) -> Result<i64, JournalError> {
    for _ in 0..TRIES {
        let run = present(source, migration).await?.max(present(target, migration).await?) + 1;
        let mut raised = set(source, CLAIM, migration, run).await?;
        if raised == Raised::Done {
            raised = set(target, CLAIM, migration, run).await?;
        }
        if raised == Raised::Done {
            return Ok(run);
        }
    }
    Err(JournalError::Contended { tries: TRIES })
}

/// Takes the number after `held`, by whoever holds that: a worker that begins anew, not one that slept meanwhile.
///
/// # Errors
/// `Superseded` if a newer worker has begun; otherwise as `claim`.
pub async fn renew(source: &Client, target: &Client, migration: &str, held: i64) -> Result<i64, JournalError> {
    let run = held + 1;
    renew_on(source, migration, run).await?;
    renew_on(target, migration, run).await?;
    Ok(run)
}

/// What still holds the run is mostly this worker's own: a transaction of work that was broken off, whose session takes a while to end.
async fn renew_on(client: &Client, migration: &str, run: i64) -> Result<(), JournalError> {
    for _ in 0..TRIES {
        match set(client, RENEW, migration, run).await? {
            Raised::Done => return Ok(()),
            Raised::Newer => return Err(JournalError::Superseded),
            Raised::Held => {}
        }
    }
    Err(JournalError::Contended { tries: TRIES })
}

/// First statement of every transaction of a worker: newer workers wait for this transaction, or it fails.
///
/// # Errors
/// `Superseded` if a newer worker has begun; otherwise the statement failed.
pub async fn hold<C: GenericClient + Sync>(client: &C, migration: &str, run: i64) -> Result<(), JournalError> {
    client
        .execute("SELECT rerp_split.hold_run($1, $2)", &[&migration, &run])
        .await
        .map(drop)
        .map_err(JournalError::query("hold the run"))
}

/// Ends every session of an older run on this side; returns how many there were.
///
/// # Errors
/// The statement failed.
pub async fn end_older_sessions(client: &Client, migration: &str, run: i64) -> Result<u64, JournalError> {
    // Sessions from before a worker knew its number are run 0 and hold nothing.
    let end = "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity AS a
        WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
          AND pg_catalog.starts_with(a.application_name, $1)
          AND substr(a.application_name, length($1) + 1) ~ '^[1-9][0-9]{0,17}/'
          AND split_part(substr(a.application_name, length($1) + 1), '/', 1)::bigint < $2";
    client
        .execute(end, &[&application_prefix(migration), &run])
        .await
        .map_err(JournalError::query("end the sessions of older runs"))
}

async fn present(client: &Client, migration: &str) -> Result<i64, JournalError> {
    let row = client
        .query_opt("SELECT run FROM rerp_split.run WHERE migration = $1", &[&migration])
        .await
        .map_err(JournalError::query("read the run"))?;
    Ok(row.map_or(0, |row| row.get(0)))
}

/// What became of a try to raise a run.
#[derive(PartialEq, Eq)]
enum Raised {
    /// It is raised.
    Done,
    /// A newer or equal one is there, or none at all.
    Newer,
    /// A transaction holds it that doesn't end.
    Held,
}

/// Raises the run of one side.
async fn set(client: &Client, raise: &str, migration: &str, run: i64) -> Result<Raised, JournalError> {
    let action = JournalError::query;
    client.batch_execute(&format!("SET lock_timeout = '{PATIENCE}'")).await.map_err(action("bound the wait"))?;
    let mut done = client.execute(raise, &[&migration, &run]).await;
    if done.as_ref().is_err_and(|error| error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)) {
        end_older_sessions(client, migration, run).await?;
        done = client.execute(raise, &[&migration, &run]).await;
    }
    client.batch_execute("SET lock_timeout = 0").await.map_err(action("lift the bound"))?;
    match done {
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ok(Raised::Held),
        Ok(1) => Ok(Raised::Done),
        Ok(_) => Ok(Raised::Newer),
        Err(error) => Err(action("take the run")(error)),
    }
}
