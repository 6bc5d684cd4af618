//! The end of the capture: its triggers and what they wrote go, on both sides.

use super::lock::{Change, Ended, Patience, change};
use crate::names;
use crate::spec::Side;
use crate::sql;
use crate::step::{Job, StepError, failed};
use std::time::Duration;
use tokio_postgres::Client;

/// How long to try for the lock of one table.
pub(super) const PATIENCE: Patience = Patience { limit: Duration::from_secs(60), heed_wish: false };

/// The capture's triggers of this migration: name and table. Those of partitions follow their table's.
const TRIGGERS: &str = "SELECT t.tgname::text, format('%I.%I', n.nspname, c.relname) FROM pg_trigger t \
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgparentid = 0 AND starts_with(t.tgname, $1) \
    AND p.proname = 'capture' AND p.pronamespace = 'rerp_split'::regnamespace ORDER BY c.oid, 1";

/// Ends the capture on both sides. Definitions and known orphans stay in the journal: `undo` and people read them.
///
/// # Errors
/// A lock isn't granted in time, a statement fails, or a newer worker has begun.
pub async fn release(job: &Job) -> Result<(), StepError> {
    release_on(job, Side::Source).await?;
    release_on(job, Side::Target).await
}

/// Ends the capture on one side. A sweep rather than a list: whatever has the migration's name goes.
pub(super) async fn release_on(job: &Job, side: Side) -> Result<(), StepError> {
    let mut client = job.session(side, "release").await?;
    let rows =
        client.query(TRIGGERS, &[&names::prefix(job.id())]).await.map_err(failed("list the capture's triggers"))?;
    for row in rows {
        let (name, table): (&str, &str) = (row.get(0), row.get(1));
        let dropping = Change {
            owner: None,
            lock: format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"),
            statements: vec![format!("DROP TRIGGER IF EXISTS {} ON {table}", sql::ident(name))],
            limit: "5s",
            state: None,
        };
        if let Ended::Held(why) = change(job, &mut client, &dropping, PATIENCE).await? {
            tracing::warn!(migration = job.id(), %side, why, "the capture is not taken away yet");
            return Err(StepError::Deadline {
                what: format!("locking {table} on the {side}"),
                seconds: PATIENCE.limit.as_secs(),
            });
        }
    }
    forget(job, &mut client).await
}

async fn forget(job: &Job, client: &mut Client) -> Result<(), StepError> {
    let action = "forget the captured keys";
    let transaction = job.begin(client).await?;
    let delete = "DELETE FROM rerp_split.gone_key WHERE migration = $1";
    transaction.execute(delete, &[&job.id()]).await.map_err(failed(action))?;
    transaction.commit().await.map_err(failed(action))
}
