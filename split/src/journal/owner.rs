//! Owner rows: which side of a schema may be written, and what opens the other one.
//!
//! In: clients and the spec's sides. Out: rows, registered in a state from which the fence can start, and readable by
//! the service. It never closes or opens a side: the fence does, in the same transaction as the gate.

use super::{JournalError, is_missing};
use crate::failpoint::{self, Step};
use crate::spec::{Roles, Side, Spec};
use crate::sql;
use tokio_postgres::{Client, GenericClient};
use uuid::Uuid;

/// The owner row of one schema on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerRow {
    /// The migration that last touched it.
    pub migration: String,
    /// Counts changes of ownership; both sides count together.
    pub epoch: i64,
    /// This side may be written.
    pub is_owner: bool,
    /// What was published when this side closed.
    pub proof: Option<Uuid>,
    /// The hash whose proof opens this side.
    pub armed: Option<String>,
}

/// Reads the owner row of `schema`; none if this side has no journal or no such row, which means that it owns its data.
///
/// # Errors
/// The statement failed.
pub async fn read_owner<C: GenericClient + Sync>(client: &C, schema: &str) -> Result<Option<OwnerRow>, JournalError> {
    let select = "SELECT migration, epoch, is_owner, proof, armed FROM rerp_split.owner WHERE schema_name = $1";
    let row = match client.query_opt(select, &[&schema]).await {
        Err(error) if is_missing(&error) => None,
        other => other.map_err(JournalError::query("read the owner row"))?,
    };
    Ok(row.map(|row| OwnerRow {
        migration: row.get(0),
        epoch: row.get(1),
        is_owner: row.get(2),
        proof: row.get(3),
        armed: row.get(4),
    }))
}

/// Makes both owner rows, the source open and the target closed, and lets the service read them. Changes nothing for
/// writers. Both journals must be installed and the run taken. Safe to run again before the fence.
///
/// # Errors
/// The source is closed, the target belongs to another migration, a newer worker has begun, or a statement failed.
pub async fn register(source: &Client, target: &Client, run: i64, spec: &Spec) -> Result<(), JournalError> {
    let (from, to) = (&spec.source.schema, &spec.target.schema);
    let closed = "WITH held AS (SELECT rerp_split.hold_run($1, $2))
        INSERT INTO rerp_split.owner AS o (migration, schema_name, epoch, is_owner) SELECT $1, $3, 0, false FROM held
        ON CONFLICT (schema_name) DO UPDATE SET migration = excluded.migration
            WHERE NOT o.is_owner AND (o.armed IS NULL OR o.migration = excluded.migration)
        RETURNING epoch";
    let row = target.query_opt(closed, &[&spec.migration, &run, to]).await;
    let Some(row) = row.map_err(JournalError::query("register the target"))? else {
        let migration = read_owner(target, to).await?.map(|row| row.migration).unwrap_or_default();
        return Err(JournalError::TargetInUse { schema: to.clone(), migration });
    };
    failpoint::step(Step::TargetRegistered).await;
    // Epochs only grow, on both sides together: a target that has owned before must not be ahead.
    let epoch: i64 = row.get(0);
    let open = "WITH held AS (SELECT rerp_split.hold_run($1, $2))
        INSERT INTO rerp_split.owner AS o (migration, schema_name, epoch, is_owner) SELECT $1, $3, $4, true FROM held
        ON CONFLICT (schema_name) DO UPDATE SET migration = excluded.migration, epoch = greatest(o.epoch, excluded.epoch)
            WHERE o.is_owner
        RETURNING epoch";
    let row = source.query_opt(open, &[&spec.migration, &run, from, &epoch]).await;
    if row.map_err(JournalError::query("register the source"))?.is_none() {
        return Err(JournalError::SourceClosed { schema: from.clone() });
    }
    admit(source, &spec.source.roles).await?;
    admit(target, &spec.target.roles).await
}

/// Lets the service's roles ask who owns, and open with a proof.
async fn admit(client: &Client, roles: &Roles) -> Result<(), JournalError> {
    let asking: Vec<&str> = roles.app.iter().chain(&roles.migrate).map(String::as_str).collect();
    let asking = if asking.is_empty() { vec![roles.owner.as_str()] } else { asking };
    let to = sql::idents(asking);
    let grant = format!(
        "GRANT USAGE ON SCHEMA rerp_split TO {to};
         GRANT SELECT (migration, schema_name, epoch, is_owner, proof) ON rerp_split.owner TO {to};
         GRANT EXECUTE ON FUNCTION rerp_split.open(text, uuid) TO {to};"
    );
    client.batch_execute(&grant).await.map_err(JournalError::query("let the service read the owner row"))
}

/// Removes the owner row of an aborted migration: the source's only while it is open, the target's only while it is not.
///
/// # Errors
/// The row still tells services where to write, or the statement failed.
pub async fn forget_owner<C: GenericClient + Sync>(
    client: &C,
    migration: &str,
    side: Side,
) -> Result<(), JournalError> {
    let delete = "WITH gone AS (
            DELETE FROM rerp_split.owner WHERE migration = $1 AND is_owner = $2 RETURNING schema_name)
        DELETE FROM rerp_split.rights USING gone WHERE rights.schema_name = gone.schema_name";
    let left = "SELECT FROM rerp_split.owner WHERE migration = $1";
    let action = "forget the owner row";
    match client.execute(delete, &[&migration, &(side == Side::Source)]).await {
        Err(error) if is_missing(&error) => return Ok(()),
        other => other.map_err(JournalError::query(action))?,
    };
    let left = client.query(left, &[&migration]).await.map_err(JournalError::query(action))?;
    if left.is_empty() { Ok(()) } else { Err(JournalError::OwnerNeeded { migration: migration.to_owned() }) }
}
