//! Erases a person from a service's tables. In: the service's table, and whom. Out: a receipt, the same however often it is asked for. Must not leave half of
//! it: everything, and the receipt, is one transaction.
//!
//! Rows of a person who is erased may still come, for a while: what others remember of the person is some minutes old at most. So it is looked again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::postgres::types::PgInterval;
use sqlx::{Executor as _, raw_sql};
use uuid::Uuid;

use super::held::{AtErase, Held, Subject, oldest_first};
use super::log;
use crate::access::Caller;
use crate::pool::{Db, DbError, Session};

/// What was done to one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ErasedTable")]
pub struct Part {
    /// Its name.
    pub table: String,
    /// What became of its rows.
    #[schemars(extend("enum" = ["deleted", "cleared", "kept"]))]
    pub done: String,
    /// To so many rows.
    pub rows: i64,
}

/// For so long it is looked again: longer than anybody keeps an identifier that Identity gave, which is an hour.
const AFTERWARDS: PgInterval = PgInterval { months: 0, days: 0, microseconds: 2 * 3600 * 1_000_000 };

/// The schema is part of the lock's name: several services may share this database.
const ONE_BY_ONE: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(' ', current_schema(), $1::uuid), 0))";
const KNOWN: &str = "SELECT receipt FROM rights_log WHERE id = $1 AND action = 'erase'";
/// Whether there is somebody to look again for.
const DUE: &str = "SELECT EXISTS (SELECT FROM rights_log WHERE action = 'erase' AND at > now() - $1 \
     AND looked_at < now() - interval '1 minute')";
/// One that nobody looks at in this moment.
const AGAIN: &str = "SELECT id, human_name_id, addresses FROM rights_log WHERE action = 'erase' AND at > now() - $1 \
     AND looked_at < now() - interval '1 minute' ORDER BY looked_at LIMIT 1 FOR UPDATE SKIP LOCKED";
const LOOKED: &str = "UPDATE rights_log SET looked_at = now() WHERE id = $1";

/// Erases a person within the caller's transaction, in the order of `held`, and writes the receipt down under `id`.
///
/// # Errors
/// The driver's.
pub async fn erase(
    session: &mut Session,
    held: &'static [Held],
    id: Uuid,
    subject: &Subject,
    by: &Caller,
) -> Result<Vec<Part>, sqlx::Error> {
    let parts = sweep(session, held, subject).await?;
    let receipt = serde_json::to_value(&parts).map_err(|error| sqlx::Error::Encode(error.into()))?;
    log::erased(session, id, subject, by, receipt).await?;
    Ok(parts)
}

/// The same in a transaction of its own, once: the second time gives the receipt of the first.
///
/// # Errors
/// See [`DbError`].
pub async fn erase_once(
    db: &Db,
    held: &'static [Held],
    id: Uuid,
    subject: &Subject,
    by: &Caller,
) -> Result<Vec<Part>, DbError> {
    // The service's own work: what is erased may be nobody's any more.
    let db = db.at_work();
    db.transaction_idempotent(&(held, id, subject, by), |session, (held, id, subject, by)| {
        Box::pin(async move {
            // Two pods may be asked for the same at once: the second waits, and finds the receipt.
            sqlx::query(ONE_BY_ONE).bind(id).execute(session.conn()).await?;
            let known: Option<serde_json::Value> =
                sqlx::query_scalar(KNOWN).bind(id).fetch_optional(session.conn()).await?;
            match known {
                Some(receipt) => serde_json::from_value(receipt).map_err(|error| sqlx::Error::Decode(error.into())),
                None => erase(session, held, *id, subject, by).await,
            }
        })
    })
    .await
}

/// Looks for what came too late of somebody who was erased lately, and erases that too; one person at a time. How many rows that were, or none if nobody is
/// due.
///
/// # Errors
/// See [`DbError`].
pub async fn look_again(db: &Db, held: &'static [Held]) -> Result<Option<i64>, DbError> {
    let db = db.at_work();
    db.transaction_idempotent(&held, |session, held| {
        Box::pin(async move {
            let is_due: bool = sqlx::query_scalar(DUE).bind(AFTERWARDS).fetch_one(session.conn()).await?;
            if !is_due {
                return Ok(None);
            }
            // Before the log's row is: its table is younger than those of which rows go.
            lock(session, held).await?;
            let due: Option<(Uuid, Uuid, Vec<Uuid>)> =
                sqlx::query_as(AGAIN).bind(AFTERWARDS).fetch_optional(session.conn()).await?;
            let Some((id, person, addresses)) = due else { return Ok(None) };
            let parts = sweep(session, held, &Subject { person, addresses }).await?;
            sqlx::query(LOOKED).bind(id).execute(session.conn()).await?;
            // What is cleared is so already, and counts every time.
            Ok(Some(parts.iter().filter(|part| part.done == "deleted").map(|part| part.rows).sum()))
        })
    })
    .await
}

async fn lock(session: &mut Session, held: &'static [Held]) -> Result<(), sqlx::Error> {
    match oldest_first(held) {
        Some(lock) => session.conn().execute(raw_sql(lock)).await.map(drop),
        None => Ok(()),
    }
}

async fn sweep(session: &mut Session, held: &'static [Held], subject: &Subject) -> Result<Vec<Part>, sqlx::Error> {
    lock(session, held).await?;
    let mut parts = Vec::with_capacity(held.len());
    for one in held {
        let affected = sqlx::query(one.statement()).bind(subject.keys(one.by)).execute(session.conn()).await?;
        let done = match one.at_erase {
            AtErase::Delete => "deleted",
            AtErase::Clear(_) => "cleared",
            AtErase::Keep(_) => "kept",
        };
        let rows = i64::try_from(affected.rows_affected()).unwrap_or(i64::MAX);
        parts.push(Part { table: one.table.to_owned(), done: done.to_owned(), rows });
    }
    Ok(parts)
}
