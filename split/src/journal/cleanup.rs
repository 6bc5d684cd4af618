//! Intents: what a worker is about to make beside the data.
//!
//! In: kind and name, before the object is made. Out: what clean-up has to look for. A row that is not done means that
//! the object may exist; a row that is done means that it has been seen gone.

use super::JournalError;
use tokio_postgres::GenericClient;

/// An object that may exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// What it is, in the words of its maker.
    pub kind: String,
    /// Its exact name.
    pub name: String,
}

/// Writes down that `name` is about to be made. Must be committed before it is.
///
/// # Errors
/// A newer worker has begun, or the statement failed.
pub async fn intend<C: GenericClient + Sync>(
    client: &C,
    migration: &str,
    run: i64,
    kind: &str,
    name: &str,
) -> Result<(), JournalError> {
    let upsert = "WITH held AS (SELECT rerp_split.hold_run($1, $2))
        INSERT INTO rerp_split.cleanup (migration, kind, name) SELECT $1, $3, $4 FROM held
        ON CONFLICT (migration, kind, name) DO UPDATE SET done = false";
    client
        .execute(upsert, &[&migration, &run, &kind, &name])
        .await
        .map(drop)
        .map_err(JournalError::query("write an intent"))
}

/// Writes down that `name` is gone.
///
/// # Errors
/// A newer worker has begun, or the statement failed.
pub async fn settle<C: GenericClient + Sync>(
    client: &C,
    migration: &str,
    run: i64,
    kind: &str,
    name: &str,
) -> Result<(), JournalError> {
    let update = "WITH held AS (SELECT rerp_split.hold_run($1, $2))
        UPDATE rerp_split.cleanup SET done = true FROM held WHERE migration = $1 AND kind = $3 AND name = $4";
    client
        .execute(update, &[&migration, &run, &kind, &name])
        .await
        .map(drop)
        .map_err(JournalError::query("settle an intent"))
}

/// Everything that may exist, the youngest first: the order in which it is to be removed.
///
/// # Errors
/// The statement failed.
pub async fn pending<C: GenericClient + Sync>(client: &C, migration: &str) -> Result<Vec<Intent>, JournalError> {
    let select = "SELECT kind, name FROM rerp_split.cleanup WHERE migration = $1 AND NOT done ORDER BY id DESC";
    let rows = client.query(select, &[&migration]).await.map_err(JournalError::query("read the intents"))?;
    Ok(rows.iter().map(|row| Intent { kind: row.get(0), name: row.get(1) }).collect())
}
