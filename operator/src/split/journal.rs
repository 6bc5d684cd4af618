//! The operator's end of the journal in the databases, and the sessions of a service's pods. IO only.
//! In: an address. Out: what the worker wrote; the operator writes nothing there but the wish.

use super::address::Address;
use crate::postgres::exec::{self, Connector, Session};
use jiff::Timestamp;
use rerp_split::journal::{Turn, Wish, client, rehearsal, turn};
use rerp_split::status::Status;
use std::collections::BTreeSet;
use std::time::Duration;

/// Deadline of one visit.
const VISIT: Duration = Duration::from_secs(20);
/// The application names of sessions in this database that begin with `$1`.
const SESSIONS: &str = "SELECT DISTINCT application_name FROM pg_catalog.pg_stat_activity \
     WHERE datname = pg_catalog.current_database() AND pg_catalog.starts_with(application_name, $1)";

/// When the worker of `$1` was last alive.
const HEARTBEAT: &str = "SELECT heartbeat FROM rerp_split.migration WHERE migration = $1";

/// What the worker has written.
#[derive(Clone, Debug)]
pub struct Journal {
    /// Its report.
    pub status: Status,
    /// When it was last alive.
    pub heartbeat: Option<Timestamp>,
}

/// A visit that failed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] exec::Error),
    /// The journal can't be read or written.
    #[error("use the journal in {database}")]
    Journal {
        /// Which database.
        database: String,
        /// Why.
        #[source]
        source: rerp_split::journal::JournalError,
    },
    /// A query of our own failed.
    #[error("query {database}")]
    Query {
        /// Which database.
        database: String,
        /// Why.
        #[source]
        source: tokio_postgres::Error,
    },
    /// It took too long.
    #[error("the database {0} did not answer in time")]
    Timeout(String),
}

impl JournalError {
    /// One line for a condition.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Connect(error) => error.describe(),
            Self::Journal { source, .. } => format!("{self}: {source}"),
            Self::Query { .. } | Self::Timeout(_) => self.to_string(),
        }
    }
}

/// The worker's report of migration `id`; none before it first ran.
///
/// # Errors
/// The database can't be read.
pub async fn read(postgres: Connector, at: &Address, id: &str) -> Result<Option<Journal>, JournalError> {
    visit(postgres, at, async |session| {
        let Some(status) = client::read_status(&session.client, id).await.map_err(|e| failed(at, e))? else {
            return Ok(None);
        };
        let query = |source| JournalError::Query { database: at.database.clone(), source };
        let row = session.client.query_opt(HEARTBEAT, &[&id]).await.map_err(query)?;
        let heartbeat = row.map(|row| row.try_get(0)).transpose().map_err(query)?.flatten();
        Ok(Some(Journal { status, heartbeat }))
    })
    .await
}

/// Tells the worker how far to go, whether the data is to change hands once more, and which rehearsal is asked for (0: none). Writes
/// nothing that stands already.
///
/// # Errors
/// The database can't be written.
pub async fn tell(
    postgres: Connector,
    at: &Address,
    id: &str,
    wish: &Wish,
    turn: Turn,
    number: i64,
) -> Result<(), JournalError> {
    visit(postgres, at, async |session| {
        let client = &session.client;
        let before = client::read_wish(client, id).await.map_err(|e| failed(at, e))?;
        let present = turn::read_turn(client, id).await.map_err(|e| failed(at, e))?;
        let rehearsed = rehearsal::read_rehearsal(client, id).await.map_err(|e| failed(at, e))?;
        let stands = (before.as_ref() == Some(wish), present == turn, rehearsed == number);
        // A journal of an older version knows no turns, and no rehearsals.
        if before.is_none() || !stands.1 || !stands.2 {
            client::ensure(client).await.map_err(|e| failed(at, e))?;
        }
        if !stands.0 {
            client::write_wish(client, id, wish).await.map_err(|e| failed(at, e))?;
        }
        if !stands.1 {
            turn::write_turn(client, id, turn).await.map_err(|e| failed(at, e))?;
        }
        if !stands.2 {
            rehearsal::write_rehearsal(client, id, number).await.map_err(|e| failed(at, e))?;
        }
        Ok(())
    })
    .await
}

/// Tells the worker to rest, whatever else it has been told.
///
/// # Errors
/// The database can't be written.
pub async fn suspend(postgres: Connector, at: &Address, id: &str) -> Result<(), JournalError> {
    visit(postgres, at, async |session| {
        let client = &session.client;
        match client::read_wish(client, id).await.map_err(|e| failed(at, e))? {
            Some(wish) if !wish.suspend => {
                client::write_wish(client, id, &Wish { suspend: true, ..wish }).await.map_err(|e| failed(at, e))
            }
            _ => Ok(()),
        }
    })
    .await
}

/// Removes what the journal holds of migration `id`.
///
/// # Errors
/// The database can't be written.
pub async fn forget(postgres: Connector, at: &Address, id: &str) -> Result<(), JournalError> {
    visit(postgres, at, async |session| client::forget(&session.client, id).await.map_err(|e| failed(at, e))).await
}

/// Whether the database takes connections.
///
/// # Errors
/// It doesn't, or not in time.
pub async fn reach(postgres: Connector, at: &Address) -> Result<(), JournalError> {
    visit(postgres, at, async |_| Ok(())).await
}

/// Application names of the sessions that begin with `prefix`.
///
/// # Errors
/// The database can't be read.
pub async fn sessions(postgres: Connector, at: &Address, prefix: &str) -> Result<BTreeSet<String>, JournalError> {
    visit(postgres, at, async |session| {
        let failed = |source| JournalError::Query { database: at.database.clone(), source };
        let rows = session.client.query(SESSIONS, &[&prefix]).await.map_err(failed)?;
        rows.iter().map(|row| row.try_get(0).map_err(failed)).collect()
    })
    .await
}

async fn visit<T>(
    postgres: Connector,
    at: &Address,
    work: impl AsyncFnOnce(Session) -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    let visit = async { work(postgres.connect(&at.admin, &at.database).await?).await };
    tokio::time::timeout(VISIT, visit).await.unwrap_or_else(|_| Err(JournalError::Timeout(at.database.clone())))
}

fn failed(at: &Address, source: rerp_split::journal::JournalError) -> JournalError {
    JournalError::Journal { database: at.database.clone(), source }
}
