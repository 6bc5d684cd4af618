//! What is on the target: subscriptions, and after an abort the tables that the migration made.

use crate::failpoint::{self, Step};
use crate::journal;
use crate::journal::cleanup::Intent;
use crate::names;
use crate::sql;
use crate::step::{Job, StepError, failed};
use tokio_postgres::Client;

/// Drops every subscription of the migration without touching its slot: DISABLE, forget the slot, DROP. The slot is
/// dropped on its own server by its exact name, or an unreachable source would keep the subscription alive.
pub(super) async fn subscriptions(job: &Job, client: &mut Client) -> Result<(), StepError> {
    let select = "SELECT subname::text FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid \
                  WHERE d.datname = current_database() AND starts_with(subname, $1)";
    let rows = client.query(select, &[&names::prefix(job.id())]).await.map_err(failed("list the subscriptions"))?;
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
    for intent in journal::cleanup::pending(client, job.id()).await? {
        if intent.kind == "subscription" {
            journal::cleanup::settle(client, job.id(), job.run, "subscription", &intent.name).await?;
        }
    }
    Ok(())
}

/// Drops the tables, types, functions and the schema that the migration made on the target, and nothing else.
///
/// # Errors
/// A statement fails, or a newer worker has begun.
pub async fn drop_objects(job: &Job, client: &mut Client) -> Result<(), StepError> {
    let mut intents = journal::cleanup::pending(client, job.id()).await?;
    intents.sort_by_key(|intent| rank(&intent.kind));
    let transaction = job.begin(client).await?;
    transaction.batch_execute("SET LOCAL lock_timeout = '30s'").await.map_err(failed("drop what was copied"))?;
    for intent in intents {
        if let Some(statement) = drop_sql(&intent) {
            let action = format!("drop {} {} on the target", intent.kind, intent.name);
            transaction.batch_execute(&statement).await.map_err(failed(action))?;
        }
        journal::cleanup::settle(&transaction, job.id(), job.run, &intent.kind, &intent.name).await?;
    }
    transaction.commit().await.map_err(failed("drop what was copied"))
}

/// Views before tables before types and functions, the schema last.
fn rank(kind: &str) -> u8 {
    match kind {
        "view" => 0,
        "table" => 1,
        "sequence" => 2,
        "schema" => 4,
        _ => 3,
    }
}

/// The names come from `pg_identify_object`, which quotes them. `CASCADE` reaches only what was built on the copy.
fn drop_sql(intent: &Intent) -> Option<String> {
    let name = &intent.name;
    match intent.kind.as_str() {
        "view" => Some(format!("DROP VIEW IF EXISTS {name} CASCADE")),
        "table" => Some(format!("DROP TABLE IF EXISTS {name} CASCADE")),
        "sequence" => Some(format!("DROP SEQUENCE IF EXISTS {name} CASCADE")),
        "function" | "procedure" | "aggregate" => Some(format!("DROP ROUTINE IF EXISTS {name} CASCADE")),
        "type" | "composite type" => Some(format!("DROP TYPE IF EXISTS {name} CASCADE")),
        "schema" => Some(format!("DROP SCHEMA IF EXISTS {}", sql::ident(name))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_a_schema_holds_can_be_dropped() {
        for kind in ["view", "table", "sequence", "function", "procedure", "aggregate", "type", "composite type"] {
            assert!(drop_sql(&Intent { kind: kind.into(), name: "a.b".into() }).is_some(), "{kind}");
        }
        assert!(drop_sql(&Intent { kind: "post-data".into(), name: "a".into() }).is_none());
    }
}
