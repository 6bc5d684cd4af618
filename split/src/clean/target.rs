//! What an abort removes from the target: the tables that the migration made.

use crate::journal;
use crate::journal::cleanup::Intent;
use crate::sql;
use crate::step::{Job, StepError, failed};
use tokio_postgres::Client;

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
