//! The schema on the target: taken from the source by `pg_dump`, created under the owner's role.
//!
//! In: the inventory of the source. Out: tables without indexes (`create`, before the copy), indexes, constraints and
//! triggers (`complete`, after it). The service's roles get no right here: whatever default privileges hand out is
//! taken back in the same transaction, until the fence opens the target.

mod complete;
mod dump;
mod freeze;
mod parts;
mod watch;

pub use complete::{complete, is_complete, is_mark};
pub(crate) use dump::scope_arguments;
pub use dump::{Section, dump, find_pg_dump, pg_dump_major};
pub use freeze::{event_triggers, freeze, freeze_sql};
pub use watch::{watch, watch_sql};

use crate::failpoint::{self, Step};
use crate::journal;
use crate::spec::Spec;
use crate::sql;
use crate::step::{Job, StepError, failed};
use tokio_postgres::{Client, Transaction};

/// How long one index or constraint may take to build.
const BUILD_LIMIT: &str = "SET LOCAL statement_timeout = '6h'; SET LOCAL lock_timeout = '30s'";

/// What the target session needs so that the dump means the same as on the source.
const PRELUDE: &str = "SET LOCAL search_path = ''; SET LOCAL check_function_bodies = false; \
    SET LOCAL xmloption = content; SET LOCAL default_tablespace = ''; SET LOCAL default_table_access_method = heap";

/// Creates the schema if there is none; its owner is the service's, so abort removes it only if it was made here. To use it
/// without rights on what is in it opens nothing.
#[must_use]
pub fn schema_sql(spec: &Spec) -> String {
    let (schema, roles) = (sql::ident(&spec.target.schema), &spec.target.roles);
    let create = format!("CREATE SCHEMA {schema} AUTHORIZATION {}", sql::ident(&roles.owner));
    match sql::idents(roles.service()) {
        nobody if nobody.is_empty() => create,
        service => format!("{create}; GRANT USAGE ON SCHEMA {schema} TO {service}"),
    }
}

/// Takes back what default privileges gave: the target stays closed until the fence opens it.
#[must_use]
pub fn close_sql(spec: &Spec) -> Vec<String> {
    let schema = sql::ident(&spec.target.schema);
    let mut from = vec!["PUBLIC".to_owned()];
    from.extend(spec.target.roles.service().map(sql::ident));
    let from = from.join(", ");
    vec![
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {from}"),
        format!("REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {from}"),
    ]
}

/// Creates the tables and what they use on the target; a no-op if an earlier run has done it. The objects are written
/// down in the transaction that makes them, so clean-up removes exactly these.
///
/// # Errors
/// The dump or a statement fails, or a newer worker has begun.
pub async fn create(job: &Job, client: &mut Client, pre_data: &str) -> Result<(), StepError> {
    if is_made(job, client).await? {
        return Ok(());
    }
    let transaction = job.begin(client).await?;
    if make_schema(job, &transaction).await? {
        journal::cleanup::intend(&transaction, job.id(), job.run, "schema", &job.spec.target.schema).await?;
    }
    // Preflight has seen it empty; what was put there since is somebody else's, and an abort drops all that is recorded.
    if let Some((kind, name)) = contents(job, &transaction).await?.first() {
        let schema = &job.spec.target.schema;
        return Err(StepError::Doomed(format!(
            "the schema {schema} on the target holds {kind} {name}, which the migration did not make; remove it, then create the migration again"
        )));
    }
    let comment = schema_comment(job, &transaction).await?;
    as_owner(job, &transaction, pre_data, "create the tables on the target").await?;
    restore_comment(job, &transaction, comment).await?;
    for statement in close_sql(&job.spec) {
        transaction.batch_execute(&statement).await.map_err(failed("close the target"))?;
    }
    record_objects(job, &transaction).await?;
    failpoint::step(Step::TablesMade).await;
    transaction.commit().await.map_err(failed("create the tables on the target"))
}

async fn is_done(job: &Job, client: &Client, kind: &str) -> Result<bool, StepError> {
    let intents = journal::cleanup::pending(client, job.id()).await?;
    Ok(intents.iter().any(|intent| intent.kind == kind))
}

async fn is_made(job: &Job, client: &Client) -> Result<bool, StepError> {
    is_done(job, client, "table").await
}

async fn make_schema(job: &Job, transaction: &Transaction<'_>) -> Result<bool, StepError> {
    let exists = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)";
    let row = transaction.query_one(exists, &[&job.spec.target.schema]).await.map_err(failed("look for the schema"))?;
    if row.get(0) {
        return Ok(false);
    }
    transaction.batch_execute(&schema_sql(&job.spec)).await.map_err(failed("create the schema on the target"))?;
    Ok(true)
}

/// Runs a dump as the owner. The dump's own `SET`s end with the transaction or mean nothing after it.
async fn as_owner(job: &Job, transaction: &Transaction<'_>, script: &str, action: &str) -> Result<(), StepError> {
    let owner = sql::ident(&job.spec.target.roles.owner);
    let role = format!("{BUILD_LIMIT}; {PRELUDE}; SET LOCAL ROLE {owner}");
    transaction.batch_execute(&role).await.map_err(failed("become the owner on the target"))?;
    transaction.batch_execute(script).await.map_err(failed(action))?;
    transaction.batch_execute("RESET ROLE; SET search_path = pg_catalog").await.map_err(failed(action))
}

/// The dump carries the source's comment on the schema; the target's own may mark whose it is.
async fn schema_comment(job: &Job, transaction: &Transaction<'_>) -> Result<Option<String>, StepError> {
    let select = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1";
    let row = transaction.query_one(select, &[&job.spec.target.schema]).await;
    Ok(row.map_err(failed("read the schema's comment"))?.get(0))
}

async fn restore_comment(job: &Job, transaction: &Transaction<'_>, comment: Option<String>) -> Result<(), StepError> {
    let text = comment.map_or_else(|| "NULL".to_owned(), |text| sql::literal(&text));
    let statement = format!("COMMENT ON SCHEMA {} IS {text}", sql::ident(&job.spec.target.schema));
    transaction.batch_execute(&statement).await.map_err(failed("keep the schema's comment"))
}

async fn record_objects(job: &Job, transaction: &Transaction<'_>) -> Result<(), StepError> {
    for (kind, name) in contents(job, transaction).await? {
        journal::cleanup::intend(transaction, job.id(), job.run, &kind, &name).await?;
    }
    Ok(())
}

/// Kind and name of everything in the target's schema.
async fn contents(job: &Job, transaction: &Transaction<'_>) -> Result<Vec<(String, String)>, StepError> {
    let rows = transaction.query(crate::inspect::CONTENTS, &[&sql::ident(&job.spec.target.schema)]).await;
    let rows = rows.map_err(failed("list what the schema on the target holds"))?;
    Ok(rows.iter().map(|row| (row.get(1), row.get(2))).collect())
}
