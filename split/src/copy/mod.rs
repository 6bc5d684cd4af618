//! The base copy: a slot with an exported snapshot, a keeper that holds it, workers that copy ranges of the tables.
//!
//! In: tables that exist on both sides, a publication. Out: the rows of the snapshot on the target, a slot that holds
//! everything since, a disabled subscription on it. A session that is lost costs its worker one range. A snapshot
//! doesn't survive its keeper: then, and in a new process, the copy begins from nothing. Slot and subscription of an
//! earlier try are dropped, tables and the journal of their ranges are emptied in one transaction, so that rows of two
//! snapshots never meet.

mod crew;
mod governor;
mod keeper;
mod pace;
mod pump;
mod queue;
mod range;
mod slot;
mod tally;
mod throttle;
mod worker;

pub use range::{copy_in_sql, copy_out_sql};
pub use slot::slot_sql;

use crate::clean;
use crate::failpoint::{self, Step};
use crate::inspect::Inventory;
use crate::journal::{self, chunk::Copied};
use crate::names;
use crate::spec::{Direction, Side};
use crate::sql;
use crate::step::{Job, StepError, failed};
use crate::stream;
use keeper::Keeper;
use range::Range;
use std::time::Duration;
use tokio_postgres::Client;

/// How long a range may make no progress before its worker begins it again.
const STALL: Duration = Duration::from_secs(120);

/// Where progress goes, and whence haste comes. Called often; must not block.
pub trait Progress: Sync {
    /// So much of `table` has gone over, of about `expected` bytes: never less than before, and exact once it is done.
    fn copied(&self, table: &str, copied: Copied, expected: u64, done: bool);

    /// The workers keep to `bound` bytes per second (none: to nothing), and a commit takes `latency` on the source, if that is measured.
    fn paced(&self, bound: Option<u64>, latency: Option<Duration>);

    /// The copy takes longer than the slot can wait: whatever holds it back is to be lifted.
    fn is_late(&self) -> bool;
}

/// The statement that keeps every moving table as it is: a rewrite (`VACUUM FULL`, `CLUSTER`) between two ranges moves
/// rows to where nobody looks for them any more, and one between slot and copy (`ALTER TABLE`) makes the table look empty.
#[must_use]
pub fn lock_sql<'a>(schema: &str, tables: impl IntoIterator<Item = &'a str>) -> String {
    format!("LOCK TABLE {} IN ACCESS SHARE MODE", sql::tables(schema, tables))
}

/// Copies everything that `inventory` names.
///
/// # Errors
/// The definitions differ from the plan's (`Doomed`), the snapshot is lost, a range fails again and again, no worker
/// has sessions any more, or a newer worker has begun.
pub async fn copy(job: &Job, inventory: &Inventory, progress: &dyn Progress) -> Result<(), StepError> {
    clean::stream(job).await?;
    let slot = names::slot(job.id(), Direction::Forward, job.run);
    let (keeper, snapshot) = Keeper::hold(job, inventory, &slot).await?;
    let mut target = job.session(Side::Target, "clean").await?;
    let mut source = job.session(Side::Source, "role").await?;
    stream::create_subscription(job, Direction::Forward, &mut source, &mut target, &slot).await?;
    failpoint::step(Step::SubscriptionMade).await;
    empty(job, &mut target, inventory).await?;
    failpoint::step(Step::TablesEmptied).await;
    let mut ranges = range::cut_all(&snapshot.extents, job.spec.copy.chunk_bytes);
    ranges.retain(|range| inventory.tables[range.table].stores());
    for table in inventory.tables.iter().filter(|table| !table.stores()) {
        // Its rows are those of its partitions, which are told of one by one.
        progress.copied(&table.name, Copied::default(), 0, true);
    }
    tokio::select! {
        copied = crew::copy(job, inventory, &snapshot, &ranges, progress) => copied?,
        lost = keeper.lost() => return Err(lost),
    }
    failpoint::step(Step::RangesDrained).await;
    all_there(job, &ranges).await?;
    failpoint::step(Step::RangesCounted).await;
    keeper.release().await
}

/// Empties the tables and forgets what had been copied into them. In this order: once the lock of TRUNCATE is granted,
/// no transaction of an earlier try is under way any more, so the second statement sees all that they wrote down.
async fn empty(job: &Job, target: &mut Client, inventory: &Inventory) -> Result<(), StepError> {
    let action = "empty the tables on the target";
    let transaction = job.begin(target).await?;
    let tables = sql::tables(&job.spec.target.schema, inventory.table_names());
    let truncate = format!("SET LOCAL lock_timeout = '30s'; TRUNCATE {tables}");
    transaction.batch_execute(&truncate).await.map_err(failed(action))?;
    journal::chunk::forget(&transaction, job.id()).await?;
    transaction.commit().await.map_err(failed(action))
}

/// What the target has written down, not what was answered: a row of the journal is there only if its rows are.
async fn all_there(job: &Job, ranges: &[Range]) -> Result<(), StepError> {
    let count = async || Ok(journal::chunk::count(&job.session(Side::Target, "journal").await?, job.id()).await?);
    let there = worker::patiently(job, "counting the copied ranges", count).await?;
    if there == ranges.len() {
        Ok(())
    } else {
        Err(StepError::Lost(format!("the target has {there} of {} copied ranges", ranges.len())))
    }
}
