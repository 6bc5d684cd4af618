//! How far behind the end of a stream is, and what that costs its start, for people: the fence trusts tokens only.

use crate::names;
use crate::spec::Direction;
use crate::step::{Job, StepError, failed};
use crate::wal::Reading;
use tokio_postgres::{Client, Row};

/// State of a slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// Bytes of WAL the subscriber hasn't confirmed.
    pub lag_bytes: u64,
    /// What it keeps of the server's WAL.
    pub wal: Reading,
    /// The server has thrown away WAL that it needs: the stream can't go on.
    pub lost: bool,
}

/// State of the slot and the subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// The slot.
    pub slot: Slot,
    /// Errors of the apply worker since the subscription was made.
    pub apply_errors: i64,
}

/// What is unreserved may be gone with the next checkpoint, whatever is said to be safe.
const SLOT: &str = "SELECT slot_name::text AS name, \
    greatest(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), coalesce(confirmed_flush_lsn, restart_lsn)), 0)::int8 AS lag, \
    greatest(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0)::int8 AS retained, \
    pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::int8 AS written, \
    CASE wal_status WHEN 'unreserved' THEN 0 ELSE safe_wal_size END AS safe, \
    NOT active AS waits, coalesce(wal_status = 'lost', false) AS lost FROM pg_replication_slots \
    WHERE starts_with(slot_name, $1) AND database = current_database() ORDER BY length(slot_name) DESC, slot_name DESC LIMIT 1";

const ERRORS: &str = "SELECT coalesce(sum(apply_error_count), 0)::int8 FROM pg_stat_subscription_stats \
    WHERE starts_with(subname, $1)";

/// Reads the newest slot in `direction` of a migration; none if there is none. `start` is a session on the side that has it.
///
/// # Errors
/// A statement fails.
pub async fn slot(migration: &str, direction: Direction, start: &Client) -> Result<Option<Slot>, StepError> {
    let prefix = names::publication(migration, direction);
    let row = start.query_opt(SLOT, &[&prefix]).await.map_err(failed("look at the slot"))?;
    Ok(row.as_ref().map(of_row))
}

fn of_row(row: &Row) -> Slot {
    let bytes = |name| row.get::<_, Option<i64>>(name).map(|n| u64::try_from(n).unwrap_or(0));
    Slot {
        name: row.get("name"),
        lag_bytes: bytes("lag").unwrap_or(0),
        wal: Reading {
            written: bytes("written").unwrap_or(0),
            retained: bytes("retained").unwrap_or(0),
            safe: bytes("safe"),
            waits: row.get("waits"),
        },
        lost: row.get("lost"),
    }
}

/// Reads slot and subscription; none if there is no slot.
///
/// # Errors
/// A statement fails.
pub async fn lag(job: &Job, direction: Direction, start: &Client, end: &Client) -> Result<Option<Lag>, StepError> {
    let Some(slot) = slot(job.id(), direction, start).await? else { return Ok(None) };
    let prefix = names::publication(job.id(), direction);
    let errors = end.query_one(ERRORS, &[&prefix]).await.map_err(failed("look at the subscription"))?;
    Ok(Some(Lag { slot, apply_errors: errors.get(0) }))
}

/// WAL that a server has ever written, in bytes.
///
/// # Errors
/// The statement fails, or the server is a standby.
pub async fn written(client: &Client) -> Result<u64, StepError> {
    let select = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::int8";
    let row = client.query_one(select, &[]).await.map_err(failed("look how much WAL there is"))?;
    Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
}
