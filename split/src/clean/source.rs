//! What is on the source: slots, publications, the event trigger, the replication role.

use crate::failpoint::{self, Step};
use crate::journal;
use crate::names;
use crate::sql;
use crate::step::{Job, StepError, failed};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How long a WAL sender may take to end.
const WALSENDER_LIMIT: Duration = Duration::from_secs(30);

/// Drops every slot of the migration, by its exact name, once nobody reads from it.
pub(super) async fn slots(job: &Job, client: &mut Client) -> Result<(), StepError> {
    let select = "SELECT slot_name::text FROM pg_replication_slots WHERE starts_with(slot_name, $1)";
    let rows = client.query(select, &[&names::prefix(job.id())]).await.map_err(failed("list the slots"))?;
    for row in rows {
        drop_slot(job, client, row.get(0)).await?;
    }
    failpoint::step(Step::SlotsDropped).await;
    settle(job, client, "slot").await
}

async fn drop_slot(job: &Job, client: &mut Client, slot: &str) -> Result<(), StepError> {
    let begun = Instant::now();
    let end = "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots \
               WHERE slot_name = $1 AND active_pid IS NOT NULL";
    let drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
                WHERE slot_name = $1 AND active_pid IS NULL";
    let exists = "SELECT FROM pg_replication_slots WHERE slot_name = $1";
    loop {
        journal::run::hold(client, job.id(), job.run).await?;
        client.execute(end, &[&slot]).await.map_err(failed(format!("end the reader of slot {slot}")))?;
        // A reader may come back between the two statements; then the next turn ends it.
        let dropped = client.execute(drop, &[&slot]).await;
        let left = client.query_opt(exists, &[&slot]).await.map_err(failed("look for the slot"))?;
        if left.is_none() {
            return Ok(());
        }
        if begun.elapsed() > WALSENDER_LIMIT {
            dropped.map_err(failed(format!("drop slot {slot}")))?;
            return Err(StepError::Deadline {
                what: format!("dropping slot {slot}"),
                seconds: WALSENDER_LIMIT.as_secs(),
            });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub(super) async fn publications(job: &Job, client: &mut Client) -> Result<(), StepError> {
    let select = "SELECT pubname::text FROM pg_publication WHERE starts_with(pubname, $1)";
    each(job, client, select, "DROP PUBLICATION IF EXISTS").await?;
    settle(job, client, "publication").await
}

pub(super) async fn ddl_freeze(job: &Job, client: &mut Client) -> Result<(), StepError> {
    let select = "SELECT evtname::text FROM pg_event_trigger WHERE starts_with(evtname, $1)";
    each(job, client, select, "DROP EVENT TRIGGER IF EXISTS").await?;
    let select = "SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = to_regnamespace('rerp_split') \
                  AND starts_with(p.proname, $1)";
    each(job, client, select, "DROP FUNCTION IF EXISTS rerp_split.").await?;
    settle(job, client, "event trigger").await
}

pub(super) async fn role(job: &Job, client: &mut Client) -> Result<(), StepError> {
    let role = names::replication_role(job.id());
    let exists = "SELECT FROM pg_roles WHERE rolname = $1";
    if client.query_opt(exists, &[&role]).await.map_err(failed("look for the replication role"))?.is_some() {
        let quoted = sql::ident(&role);
        let transaction = job.begin(client).await?;
        // The right to connect is the only one it has, and would keep it alive.
        let script = format!("DROP OWNED BY {quoted}; DROP ROLE {quoted}");
        transaction.batch_execute(&script).await.map_err(failed("drop the replication role"))?;
        transaction.commit().await.map_err(failed("drop the replication role"))?;
    }
    failpoint::step(Step::RoleDropped).await;
    settle(job, client, "role").await
}

/// Runs `<statement> <name>` for each name that `select` finds for the migration's prefix, in one fenced transaction.
async fn each(job: &Job, client: &mut Client, select: &str, statement: &str) -> Result<(), StepError> {
    let rows = client.query(select, &[&names::prefix(job.id())]).await.map_err(failed(statement))?;
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let transaction = job.begin(client).await?;
    transaction.batch_execute("SET LOCAL lock_timeout = '30s'").await.map_err(failed(statement))?;
    for name in names {
        let separator = if statement.ends_with('.') { "" } else { " " };
        let script = format!("{statement}{separator}{}", sql::ident(&name));
        transaction.batch_execute(&script).await.map_err(failed(statement))?;
    }
    transaction.commit().await.map_err(failed(statement))
}

/// Marks every intent of this kind as seen gone.
async fn settle(job: &Job, client: &Client, kind: &str) -> Result<(), StepError> {
    for intent in journal::cleanup::pending(client, job.id()).await? {
        if intent.kind == kind {
            journal::cleanup::settle(client, job.id(), job.run, kind, &intent.name).await?;
        }
    }
    Ok(())
}
