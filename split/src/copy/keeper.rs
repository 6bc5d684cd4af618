//! The keeper: the one session that holds the snapshot, and `ACCESS SHARE` on every moving table, to the last range.
//!
//! In: the inventory that the plan was made for, the slot's name. Out: a `Snapshot`, plain data: whoever has it and a
//! way to the source can read what the slot's stream does not carry. Nothing else goes from keeper to workers, so that
//! it can live in a process of its own; today it is a connection of the worker's process. It reads no row and writes
//! nothing: a transaction with a number of its own would keep the next migration's slot waiting until the copy ends.

use super::range::Extent;
use super::{lock_sql, slot};
use crate::failpoint::{self, Step};
use crate::inspect::{Inventory, schema_hash};
use crate::spec::Side;
use crate::sql;
use crate::step::{Job, StepError, failed, within};
use std::time::Duration;
use tokio_postgres::Client;

/// The first statements of a session that reads the snapshot: the lock, then the snapshot. LOCK TABLE fixes no snapshot
/// by itself. In the other order a rewrite could come between the two.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '10s'";
/// How often the keeper is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long it may take to answer.
const ANSWER_S: u64 = 30;

/// Number of blocks of a table, and bytes of it with everything that belongs to it.
const EXTENTS: &str = "SELECT pg_relation_size(r.oid) / current_setting('block_size')::int8, pg_table_size(r.oid) \
    FROM unnest($1::text[]) WITH ORDINALITY AS t(name, n) CROSS JOIN LATERAL (SELECT t.name::regclass AS oid) AS r \
    ORDER BY t.n";

/// What the copy reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// For `SET TRANSACTION SNAPSHOT`; works as long as the keeper lives.
    pub(super) name: String,
    /// The moving tables' sizes, in the order of the inventory. Blocks that are added later hold no row of the snapshot.
    pub(super) extents: Vec<Extent>,
}

/// Holds snapshot and locks until it is dropped.
pub(super) struct Keeper {
    client: Client,
}

impl Keeper {
    /// Locks the tables, makes the slot and imports its snapshot, in this order.
    pub(super) async fn hold(job: &Job, inventory: &Inventory, slot: &str) -> Result<(Self, Snapshot), StepError> {
        let client = job.session(Side::Source, "keeper").await?;
        let lock = format!("{BEGIN}; {}", lock_sql(&inventory.schema, inventory.table_names()));
        client.batch_execute(&lock).await.map_err(failed("lock the moving tables against rewrites"))?;
        failpoint::step(Step::TablesHeld).await;
        unchanged(job, inventory).await?;
        let (replication, exported) = slot::create(job, slot).await?;
        failpoint::step(Step::SlotMade).await;
        let name = adopt(&client, &exported).await?;
        failpoint::step(Step::SnapshotAdopted).await;
        // From here on locks and snapshot live and die with the same session.
        drop(replication);
        let extents = extents(&client, inventory).await?;
        Ok((Self { client }, Snapshot { name, extents }))
    }

    /// Ends only if the keeper does, with the reason.
    pub(super) async fn lost(&self) -> StepError {
        loop {
            tokio::time::sleep(LOOK).await;
            let alive = async { self.client.batch_execute("SELECT").await.map_err(failed("look at the keeper")) };
            if let Err(error) = within("the keeper's answer", ANSWER_S, alive).await {
                let reason = crate::step::chain(&error);
                return StepError::Lost(format!("the session that keeps the snapshot is gone: {reason}"));
            }
        }
    }

    /// Lets snapshot and locks go.
    pub(super) async fn release(self) -> Result<(), StepError> {
        self.client.batch_execute("COMMIT").await.map_err(failed("let the snapshot go"))
    }
}

/// A session that reads the snapshot `name`, safe from rewrites as long as it lives. The keeper lived when the import
/// succeeded, hence its locks and this session's overlap.
pub(super) async fn reader(job: &Job, inventory: &Inventory, name: &str) -> Result<Client, StepError> {
    let client = job.session(Side::Source, "reader").await?;
    // A range is read as a range whatever is set for the role, by this one process.
    let begin = format!(
        "{BEGIN}; {}; SET TRANSACTION SNAPSHOT {}; SET LOCAL enable_tidscan = on; SET LOCAL jit = off; \
         SET LOCAL max_parallel_workers_per_gather = 0",
        lock_sql(&inventory.schema, inventory.table_names()),
        sql::literal(name)
    );
    client.batch_execute(&begin).await.map_err(failed("import the snapshot"))?;
    Ok(client)
}

/// Whether the tables are still what the plan was made for. On another session: a query would fix the keeper's snapshot.
async fn unchanged(job: &Job, inventory: &Inventory) -> Result<(), StepError> {
    let client = job.session(Side::Source, "inspect").await?;
    let hash = schema_hash(&client, &inventory.schema, job.spec.tables.as_deref(), &[])
        .await
        .map_err(failed("hash the schema"))?;
    if hash == inventory.hash {
        Ok(())
    } else {
        Err(StepError::Doomed("the definition of the moving tables has changed since the plan was made".into()))
    }
}

/// Takes the slot's snapshot over and exports it again; returns the new name.
async fn adopt(client: &Client, exported: &str) -> Result<String, StepError> {
    let import = format!("SET TRANSACTION SNAPSHOT {}", sql::literal(exported));
    client.batch_execute(&import).await.map_err(failed("import the slot's snapshot"))?;
    let row = client.query_one("SELECT pg_export_snapshot()", &[]).await.map_err(failed("export the snapshot"))?;
    Ok(row.get(0))
}

/// Sizes, taken once and under the lock.
async fn extents(client: &Client, inventory: &Inventory) -> Result<Vec<Extent>, StepError> {
    let names: Vec<String> = inventory.table_names().map(|name| sql::qualified(&inventory.schema, name)).collect();
    let rows = client.query(EXTENTS, &[&names]).await.map_err(failed("measure the moving tables"))?;
    if rows.len() != names.len() {
        return Err(StepError::Doomed("a moving table is gone".into()));
    }
    let extents = rows.iter().map(|row| {
        let number = |index| u64::try_from(row.get::<_, i64>(index)).unwrap_or(0);
        Extent { blocks: u32::try_from(number(0)).unwrap_or(u32::MAX), bytes: number(1) }
    });
    Ok(extents.collect())
}
