//! The wish for a rehearsal of the switch. In: a client of the source. Out: a number.
//!
//! Rehearsals are numbered, and the last one done is in the status: whoever writes the same wish twice rehearses once.

use super::JournalError;
use super::client::read;
use tokio_postgres::GenericClient;

/// The number of the last rehearsal that is wished for; 0 if none is.
///
/// # Errors
/// The statement failed.
pub async fn read_rehearsal<C: GenericClient + Sync>(client: &C, migration: &str) -> Result<i64, JournalError> {
    let select = "SELECT number FROM rerp_split.rehearsal WHERE migration = $1";
    Ok(read(client, "read the wish for a rehearsal", select, migration).await?.map_or(0, |row| row.get(0)))
}

/// Wishes for the rehearsal with this number, if it hasn't been done.
///
/// # Errors
/// The statement failed.
pub async fn write_rehearsal<C: GenericClient + Sync>(
    client: &C,
    migration: &str,
    number: i64,
) -> Result<(), JournalError> {
    let upsert = "INSERT INTO rerp_split.rehearsal (migration, number) VALUES ($1, $2)
        ON CONFLICT (migration) DO UPDATE SET number = excluded.number";
    client
        .execute(upsert, &[&migration, &number])
        .await
        .map(drop)
        .map_err(JournalError::query("write the wish for a rehearsal"))
}
