//! What is remembered of the old tables, in one row of the source's journal.
//!
//! In: a session of the source. Out: plain data. Writes are fenced by the run. Counters and moments are the source's own, so
//! whoever takes over goes on with them.

use crate::spec::CleanupPolicy;
use crate::step::{Job, StepError, failed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, GenericClient};

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Memory {
    /// The old tables, in the order of their OIDs, written down while their definitions are frozen.
    pub tables: Vec<Old>,
    /// Streams and all other side objects are gone.
    pub cleared: bool,
    /// The backup that has been restored and compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
    /// The last try of a backup that came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// Since when nobody has used them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// What has become of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<Done>,
}

/// What has become of the old tables. Nothing that is said later changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Whether they were renamed or dropped.
    pub policy: CleanupPolicy,
    /// When, by the source's clock.
    pub at: Timestamp,
}

/// One old table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Old {
    /// Its OID.
    pub oid: u32,
    /// Its name, without schema.
    pub name: String,
}

/// Since when nobody has used the old tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quiet {
    /// Since when.
    pub since: Timestamp,
    /// What made it begin anew; none for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anew: Option<String>,
    /// The counters then.
    pub look: Look,
    /// How often each role had run statements that name an old table, where the server counts statements.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub callers: BTreeMap<String, i64>,
}

/// The server's counters at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Look {
    /// When, by the source's clock.
    pub at: Timestamp,
    /// Whether the server counts at all.
    pub counted: bool,
    /// When counters were last reset, by somebody or after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<Timestamp>,
    /// By table.
    pub counters: BTreeMap<String, Counters>,
}

/// How often one table was used, with its indexes and its TOAST table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Scans of tables and indexes, and rows that were read.
    pub reads: i64,
    /// Rows that were inserted, updated or deleted.
    pub writes: i64,
}

/// A backup that has been restored and compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// Where it is.
    pub file: PathBuf,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// Rows that were compared.
    pub rows: u64,
    /// The counters before it was taken: other writes since make it stale.
    pub look: Look,
}

/// A backup that couldn't be taken, or didn't hold what the tables hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The run that tried it: another one tries at once, for somebody may have mended it.
    pub run: i64,
    /// When it was over, by the source's clock.
    pub at: Timestamp,
}

/// Reads it; what was never written is empty.
///
/// # Errors
/// The statement fails, or another version has written it.
pub async fn read(source: &Client, migration: &str) -> Result<Memory, StepError> {
    let select = "SELECT memory FROM rerp_split.old_tables WHERE migration = $1";
    let row = source.query_opt(select, &[&migration]).await.map_err(failed("read what is known of the old tables"))?;
    let memory: Option<Json<Memory>> =
        row.map(|row| row.try_get(0)).transpose().map_err(failed("understand what is known of the old tables"))?;
    Ok(memory.map(|Json(memory)| memory).unwrap_or_default())
}

/// Writes it.
///
/// # Errors
/// A newer worker has begun, or the statement fails.
pub async fn write<C: GenericClient + Sync>(client: &C, job: &Job, memory: &Memory) -> Result<(), StepError> {
    let upsert = "WITH held AS (SELECT rerp_split.hold_run($1, $2)) \
        INSERT INTO rerp_split.old_tables (migration, memory) SELECT $1, $3 FROM held \
        ON CONFLICT (migration) DO UPDATE SET memory = excluded.memory";
    let written = client.execute(upsert, &[&job.id(), &job.run, &Json(memory)]).await;
    written.map(drop).map_err(failed("write down what is known of the old tables"))
}
