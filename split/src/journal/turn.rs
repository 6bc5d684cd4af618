//! The wish that the data change hands once more, and what the moving tables were when a way back was made.
//!
//! In: a client of the source (`define`, `definition`: of the target). Out: rows as types. A wish names the epoch that it
//! is meant for: whoever writes it twice, or late, moves nothing twice.

use super::JournalError;
use super::client::read;
use tokio_postgres::GenericClient;

/// At which epoch the data is to change hands once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Back to the source, if the target owns at this epoch.
    pub rollback: Option<i64>,
    /// To the target again, if the source owns at this epoch after a rollback.
    pub forward: Option<i64>,
}

/// Reads the wish; none is one for no epoch.
///
/// # Errors
/// The statement failed.
pub async fn read_turn<C: GenericClient + Sync>(client: &C, migration: &str) -> Result<Turn, JournalError> {
    let select = "SELECT rollback, forward FROM rerp_split.turn WHERE migration = $1";
    let row = read(client, "read the wish for a turn", select, migration).await?;
    Ok(row.map(|row| Turn { rollback: row.get(0), forward: row.get(1) }).unwrap_or_default())
}

/// Writes the wish.
///
/// # Errors
/// The statement failed.
pub async fn write_turn<C: GenericClient + Sync>(client: &C, migration: &str, turn: Turn) -> Result<(), JournalError> {
    let upsert = "INSERT INTO rerp_split.turn (migration, rollback, forward) VALUES ($1, $2, $3)
        ON CONFLICT (migration) DO UPDATE SET rollback = excluded.rollback, forward = excluded.forward";
    client
        .execute(upsert, &[&migration, &turn.rollback, &turn.forward])
        .await
        .map(drop)
        .map_err(JournalError::query("write the wish for a turn"))
}

/// Writes down what the moving tables are defined as on this side, while it is closed.
///
/// # Errors
/// A newer worker has begun, or the statement failed.
pub async fn define<C: GenericClient + Sync>(
    client: &C,
    migration: &str,
    run: i64,
    hash: &str,
) -> Result<(), JournalError> {
    let upsert = "WITH held AS (SELECT rerp_split.hold_run($1, $2))
        INSERT INTO rerp_split.definition (migration, hash) SELECT $1, $3 FROM held
        ON CONFLICT (migration) DO UPDATE SET hash = excluded.hash";
    client
        .execute(upsert, &[&migration, &run, &hash])
        .await
        .map(drop)
        .map_err(JournalError::query("write down the definitions"))
}

/// What they were defined as; none if no way back has been made.
///
/// # Errors
/// The statement failed.
pub async fn definition<C: GenericClient + Sync>(client: &C, migration: &str) -> Result<Option<String>, JournalError> {
    let select = "SELECT hash FROM rerp_split.definition WHERE migration = $1";
    Ok(read(client, "read the definitions", select, migration).await?.map(|row| row.get(0)))
}
