//! How far behind the end of a stream is, for people: the fence trusts tokens only.

use crate::names;
use crate::spec::Direction;
use crate::step::{Job, StepError, failed};
use tokio_postgres::Client;

/// State of the slot and the subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// The slot's name.
    pub slot: String,
    /// Bytes of WAL the subscriber hasn't confirmed.
    pub lag_bytes: u64,
    /// Bytes of WAL that the slot keeps.
    pub retained_bytes: u64,
    /// The server has thrown away WAL that the slot needs: the stream can't go on.
    pub lost: bool,
    /// Errors of the apply worker since the subscription was made.
    pub apply_errors: i64,
}

const SLOT: &str = "SELECT slot_name::text, \
    greatest(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), coalesce(confirmed_flush_lsn, restart_lsn)), 0)::int8, \
    greatest(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0)::int8, \
    coalesce(wal_status = 'lost', false) FROM pg_replication_slots \
    WHERE starts_with(slot_name, $1) AND database = current_database() ORDER BY length(slot_name) DESC, slot_name DESC LIMIT 1";

const ERRORS: &str = "SELECT coalesce(sum(apply_error_count), 0)::int8 FROM pg_stat_subscription_stats \
    WHERE starts_with(subname, $1)";

/// Reads slot and subscription; none if there is no slot.
///
/// # Errors
/// A statement fails.
pub async fn lag(job: &Job, direction: Direction, start: &Client, end: &Client) -> Result<Option<Lag>, StepError> {
    let prefix = names::publication(job.id(), direction);
    let Some(row) = start.query_opt(SLOT, &[&prefix]).await.map_err(failed("look at the slot"))? else {
        return Ok(None);
    };
    let bytes = |index| row.get::<_, Option<i64>>(index).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let errors = end.query_one(ERRORS, &[&prefix]).await.map_err(failed("look at the subscription"))?;
    Ok(Some(Lag {
        slot: row.get(0),
        lag_bytes: bytes(1),
        retained_bytes: bytes(2),
        lost: row.get(3),
        apply_errors: errors.get(0),
    }))
}
