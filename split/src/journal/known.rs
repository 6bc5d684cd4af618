//! Which migrations a journal knows: for a person who asks.
//!
//! In: a client of the source. Out: a line for each, without its whole status. It changes nothing.

use super::{JournalError, is_missing};
use tokio_postgres::Client;

/// A migration that a journal knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub migration: String,
    /// How far it is, by the name of the phase.
    pub phase: String,
    /// How far it may go, by the name of the phase; none if nobody has said.
    pub advance_to: Option<String>,
    /// Somebody wants it taken back.
    pub abort: bool,
    /// Seconds since its worker was last heard; none if there never was one.
    pub heard_seconds: Option<i64>,
    /// Whether the source owns the data; none before there is an owner row.
    pub source_owns: Option<bool>,
}

const SELECT: &str = "SELECT coalesce(m.migration, w.migration), coalesce(m.phase, 'Pending'), w.advance_to, \
        coalesce(w.abort, false), greatest(extract(epoch FROM now() - m.heartbeat), 0)::int8, o.is_owner \
    FROM rerp_split.migration m FULL JOIN rerp_split.wish w ON w.migration = m.migration \
    LEFT JOIN LATERAL (SELECT bool_and(is_owner) AS is_owner FROM rerp_split.owner \
                       WHERE migration = coalesce(m.migration, w.migration)) o ON true \
    ORDER BY 1";

/// Reads all of them; none where there is no journal.
///
/// # Errors
/// The statement failed.
pub async fn known(client: &Client) -> Result<Vec<Known>, JournalError> {
    let rows = match client.query(SELECT, &[]).await {
        Err(error) if is_missing(&error) => return Ok(Vec::new()),
        rows => rows.map_err(JournalError::query("list the migrations"))?,
    };
    Ok(rows
        .iter()
        .map(|row| Known {
            migration: row.get(0),
            phase: row.get(1),
            advance_to: row.get(2),
            abort: row.get(3),
            heard_seconds: row.get(4),
            source_owns: row.get(5),
        })
        .collect())
}
