//! What there may be on either side: subscriptions, slots, publications, a replication role, event triggers.

use crate::failpoint::{self, Step};
use crate::journal;
use crate::names;
use crate::spec::Direction;
use crate::sql;
use crate::step::{Class, Job, StepError, failed};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How long a WAL sender may take to end.
const WALSENDER_LIMIT: Duration = Duration::from_secs(30);

/// Drops every subscription whose name begins with `prefix` without touching its slot: DISABLE, forget the slot, DROP. The
/// slot is dropped on its own server by its exact name, or an unreachable publisher would keep the subscription alive.
pub(super) async fn subscriptions(job: &Job, client: &mut Client, prefix: &str) -> Result<(), StepError> {
    let select = "SELECT subname::text FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid \
                  WHERE d.datname = current_database() AND starts_with(subname, $1)";
    let rows = client.query(select, &[&prefix]).await.map_err(failed("list the subscriptions"))?;
    for row in rows {
        let name = sql::ident(row.get(0));
        let action = "drop the subscription";
        let transaction = job.begin(client).await?;
        let script = format!(
            "SET LOCAL lock_timeout = '30s'; ALTER SUBSCRIPTION {name} DISABLE; \
             ALTER SUBSCRIPTION {name} SET (slot_name = NONE); DROP SUBSCRIPTION {name}"
        );
        transaction.batch_execute(&script).await.map_err(failed(action))?;
        transaction.commit().await.map_err(failed(action))?;
    }
    failpoint::step(Step::SubscriptionsDropped).await;
    settle(job, client, "subscription", prefix).await
}

/// Drops every slot of this database whose name begins with `prefix`, by its exact name, once nobody reads from it.
pub(super) async fn slots(job: &Job, client: &mut Client, prefix: &str) -> Result<(), StepError> {
    let select = "SELECT slot_name::text FROM pg_replication_slots \
                  WHERE starts_with(slot_name, $1) AND database = current_database()";
    let rows = client.query(select, &[&prefix]).await.map_err(failed("list the slots"))?;
    for row in rows {
        drop_slot(job, client, row.get(0)).await?;
    }
    failpoint::step(Step::SlotsDropped).await;
    settle(job, client, "slot", prefix).await
}

async fn drop_slot(job: &Job, client: &mut Client, slot: &str) -> Result<(), StepError> {
    let begun = Instant::now();
    let exists = "SELECT FROM pg_replication_slots WHERE slot_name = $1";
    loop {
        let dropped = try_to_drop(job, client, slot).await;
        if dropped.as_ref().is_err_and(|error| error.class() == Class::Superseded) {
            return dropped;
        }
        let left = client.query_opt(exists, &[&slot]).await.map_err(failed("look for the slot"))?;
        if left.is_none() {
            return Ok(());
        }
        if begun.elapsed() > WALSENDER_LIMIT {
            dropped?;
            return Err(StepError::Deadline {
                what: format!("dropping slot {slot}"),
                seconds: WALSENDER_LIMIT.as_secs(),
            });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// In one transaction, which a newcomer waits for: it may go on with this very slot.
async fn try_to_drop(job: &Job, client: &mut Client, slot: &str) -> Result<(), StepError> {
    let end = "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots \
               WHERE slot_name = $1 AND active_pid IS NOT NULL";
    let drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
                WHERE slot_name = $1 AND active_pid IS NULL";
    let action = || failed(format!("drop slot {slot}"));
    let transaction = job.begin(client).await?;
    transaction.execute(end, &[&slot]).await.map_err(failed(format!("end the reader of slot {slot}")))?;
    // A reader may come back between the two statements; then the next try ends it.
    transaction.execute(drop, &[&slot]).await.map_err(action())?;
    transaction.commit().await.map_err(action())
}

pub(super) async fn publications(job: &Job, client: &mut Client) -> Result<(), StepError> {
    let select = "SELECT pubname::text FROM pg_publication WHERE starts_with(pubname, $1)";
    each(job, client, select, "DROP PUBLICATION IF EXISTS").await?;
    settle(job, client, "publication", &names::prefix(job.id())).await
}

pub(super) async fn event_triggers(job: &Job, client: &mut Client) -> Result<(), StepError> {
    let select = "SELECT evtname::text FROM pg_event_trigger WHERE starts_with(evtname, $1)";
    each(job, client, select, "DROP EVENT TRIGGER IF EXISTS").await?;
    let select = "SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = to_regnamespace('rerp_split') \
                  AND starts_with(p.proname, $1)";
    each(job, client, select, "DROP FUNCTION IF EXISTS rerp_split.").await?;
    settle(job, client, "event trigger", &names::prefix(job.id())).await
}

pub(super) async fn role(job: &Job, client: &mut Client, direction: Direction) -> Result<(), StepError> {
    let role = names::replication_role(job.id(), direction);
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
    settle(job, client, "role", &role).await
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

/// Marks every intent of this kind whose name begins with `prefix` as seen gone.
async fn settle(job: &Job, client: &Client, kind: &str, prefix: &str) -> Result<(), StepError> {
    for intent in journal::cleanup::pending(client, job.id()).await? {
        if intent.kind == kind && intent.name.starts_with(prefix) {
            journal::cleanup::settle(client, job.id(), job.run, kind, &intent.name).await?;
        }
    }
    Ok(())
}
