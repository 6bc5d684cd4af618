//! The base copy: a slot with an exported snapshot, one session that imports it, binary COPY from socket to socket.
//!
//! In: tables that exist on both sides, a publication. Out: the rows of the snapshot on the target, a slot that holds
//! everything since, a disabled subscription on it. Begins from nothing each time: slot and subscription of an earlier
//! run are dropped, tables are emptied, since a snapshot doesn't survive its session.

mod slot;
mod table;

pub use slot::slot_sql;
pub use table::{copy_in_sql, copy_out_sql};

use crate::clean;
use crate::inspect::{Inventory, schema_hash};
use crate::names;
use crate::spec::Side;
use crate::sql;
use crate::step::{Job, StepError, failed};
use crate::stream;
use std::time::Duration;
use tokio_postgres::Client;

/// How long the copy waits for somebody's `ACCESS EXCLUSIVE` lock.
const LOCK: &str = "BEGIN; SET LOCAL lock_timeout = '30s'";

/// Where progress goes: table, rows, bytes, and whether it is finished. Called often; must not block.
pub trait Progress: Sync {
    /// `rows` and `bytes` of `table` have gone over.
    fn copied(&self, table: &str, rows: u64, bytes: u64, done: bool);
}

/// The statement that keeps every moving table as it is: a rewrite (`VACUUM FULL`, `ALTER TABLE`) between slot and copy
/// would make the table look empty to the snapshot.
#[must_use]
pub fn lock_sql<'a>(schema: &str, tables: impl IntoIterator<Item = &'a str>) -> String {
    format!("LOCK TABLE {} IN ACCESS SHARE MODE", sql::tables(schema, tables))
}

/// Copies everything. `expected_hash` is the schema hash of the plan.
///
/// # Errors
/// The definitions differ from the plan's (`Doomed`), a deadline passes, a statement fails, or a newer worker has begun.
pub async fn copy(job: &Job, inventory: &Inventory, progress: &dyn Progress) -> Result<(), StepError> {
    clean::stream(job).await?;
    let keeper = keep(job, inventory).await?;
    let slot = names::slot(job.id(), job.run);
    let (replication, snapshot) = slot::create(job, &slot).await?;
    let reader = import(job, inventory, &snapshot).await?;
    // The reader holds snapshot and locks now.
    drop(replication);
    drop(keeper);
    let mut target = job.session(Side::Target, "copy").await?;
    stream::create_subscription(job, &mut job.session(Side::Source, "role").await?, &mut target, &slot).await?;
    as_replica(&target).await?;
    for table in &inventory.tables {
        table::copy(job, &reader, &mut target, &inventory.schema, table, progress).await?;
    }
    reader.batch_execute("COMMIT").await.map_err(failed("end the copy"))
}

/// Locks the tables before the slot exists, and looks once more whether they are what the plan was made for.
async fn keep(job: &Job, inventory: &Inventory) -> Result<Client, StepError> {
    let client = job.session(Side::Source, "keeper").await?;
    let lock = format!("{LOCK}; {}", lock_sql(&inventory.schema, inventory.table_names()));
    client.batch_execute(&lock).await.map_err(failed("lock the moving tables against rewrites"))?;
    let hash =
        schema_hash(&client, &inventory.schema, job.spec.tables.as_deref()).await.map_err(failed("hash the schema"))?;
    if hash == inventory.hash {
        Ok(client)
    } else {
        Err(StepError::Doomed("the definition of the moving tables has changed since the plan was made".into()))
    }
}

async fn import(job: &Job, inventory: &Inventory, snapshot: &str) -> Result<Client, StepError> {
    let client = job.session(Side::Source, "reader").await?;
    let begin = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT {}; SET LOCAL lock_timeout = '30s'; {}",
        sql::literal(snapshot),
        lock_sql(&inventory.schema, inventory.table_names())
    );
    client.batch_execute(&begin).await.map_err(failed("import the snapshot"))?;
    Ok(client)
}

/// Ordinary triggers and foreign keys don't fire: the rows have been through them on the source.
async fn as_replica(target: &Client) -> Result<(), StepError> {
    let set = "SET session_replication_role = replica; SET idle_session_timeout = 0";
    target.batch_execute(set).await.map_err(failed("set session_replication_role"))
}

/// How long a table may make no progress before the copy is given up.
pub(crate) const STALL: Duration = Duration::from_secs(120);
