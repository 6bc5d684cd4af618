//! Children without a parent while both tables are in one database: before anything is severed.
//!
//! A key that is NOT VALID has never looked at old rows, and one that is valid may have been passed by
//! (`session_replication_role`), so every key is looked at.

use super::query::scan_sql;
use crate::inspect::{Edge, Orphans};
use crate::step::{StepError, failed};
use tokio_postgres::{Client, IsolationLevel};

/// How long one key may take.
const LIMITS: &str = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '30min'";

/// Counts the orphans of each key, all in one snapshot.
///
/// # Errors
/// A statement fails or takes too long.
pub async fn scan(source: &mut Client, edges: &mut [Edge]) -> Result<(), StepError> {
    let action = "look for orphans";
    let builder = source.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let transaction = builder.start().await.map_err(failed(action))?;
    transaction.batch_execute(LIMITS).await.map_err(failed(action))?;
    for edge in edges.iter_mut().filter(|edge| !edge.period) {
        let row =
            transaction.query_one(&scan_sql(edge), &[]).await.map_err(failed(format!("{action} of {}", edge.name)))?;
        let rows = u64::try_from(row.get::<_, i64>(0)).unwrap_or(0);
        edge.orphans = Some(Orphans { rows, examples: row.get(1) });
    }
    transaction.rollback().await.map_err(failed(action))
}
