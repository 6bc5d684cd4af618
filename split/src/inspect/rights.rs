//! What a login that is no superuser may not do, asked of the server itself: managed services change the rules, so that attributes
//! alone don't tell.
//!
//! In: a session and the spec. Out: the rights that it lacks. What can only be tried is tried in a transaction that is rolled
//! back, so nothing is left of it.

use super::{InspectError, LOCK_TIMEOUT};
use crate::names;
use crate::spec::{Direction, Side, Spec};
use crate::sql;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

/// A right that a superuser has anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To set a parameter.
    Parameter,
    /// To make an event trigger.
    EventTrigger,
    /// To make the role that the stream logs in as.
    ReplicationRole,
    /// To open a replication session, for the slot.
    Replication,
    /// To make a subscription.
    Subscription,
    /// To say where a subscription begins, for the way back.
    Origin,
    /// To do what the owner of the tables does.
    Owner,
    /// To make schemas and publications in the database; without it an event trigger isn't tried, whose function needs a schema.
    Database,
    /// To see what other sessions do, and to end them.
    Sessions,
}

/// A right that the login lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Which right.
    pub right: Right,
    /// On what: a parameter, a role, a database.
    pub object: String,
    /// What the server said; empty if it wasn't tried.
    pub reason: String,
}

/// What both sides have to set: the switch would wait behind autovacuum, and passwords would be logged.
const PARAMETERS: [&str; 5] = [
    "deadlock_timeout",
    "log_statement",
    "log_min_error_statement",
    "log_min_duration_statement",
    "log_min_duration_sample",
];
/// What the target has to set: triggers must not fire for rows that are copied.
const REPLICA: &str = "session_replication_role";

/// Rights that the catalog tells. `rds_replication` is what Amazon has in place of the attribute.
const HELD: &str = r#"
SELECT coalesce((SELECT pg_has_role(oid, 'USAGE') FROM pg_roles WHERE rolname = $1), true),
  has_database_privilege(current_database(), 'CREATE'), current_database()::text,
  pg_has_role('pg_read_all_stats', 'USAGE') AND pg_has_role('pg_signal_backend', 'USAGE'),
  rolreplication OR EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'rds_replication' AND pg_has_role(r.oid, 'USAGE')),
  EXISTS (SELECT FROM pg_roles WHERE rolname = $1), current_user::text, pg_backend_pid(),
  has_function_privilege('pg_replication_origin_advance(text, pg_lsn)', 'EXECUTE')
    AND has_function_privilege('pg_replication_origin_progress(text, boolean)', 'EXECUTE')
FROM pg_roles WHERE rolname = current_user
"#;

/// Every right that the session's login lacks; none for a superuser. Not for a standby, where nothing can be tried.
///
/// # Errors
/// The session fails, or what is tried fails for another reason than a right.
pub async fn denied(client: &mut Client, side: Side, spec: &Spec) -> Result<Vec<Denied>, InspectError> {
    let wrap = |source| InspectError::Query { side, what: "rights of the login", source };
    // Whether transactions are read-only by default is a check of its own.
    let mut transaction = client.build_transaction().read_only(false).start().await.map_err(wrap)?;
    transaction.batch_execute(LOCK_TIMEOUT).await.map_err(wrap)?;
    let Held { mut denied, owner_exists, pid } = held(&transaction, side, spec).await.map_err(wrap)?;
    for (right, object, attempt) in attempts(side, spec, pid) {
        let known = denied.iter().any(|known| known.right == right && known.object == object);
        let no_schema = right == Right::EventTrigger && denied.iter().any(|known| known.right == Right::Database);
        if known || no_schema || (right == Right::Owner && !owner_exists) {
            continue;
        }
        let savepoint = transaction.transaction().await.map_err(wrap)?;
        let tried = savepoint.batch_execute(&attempt).await;
        savepoint.rollback().await.map_err(wrap)?;
        match tried {
            Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                // Whoever looks again has another backend, and nothing else has changed.
                let reason = said(&error).replace(&format!("probe_{pid}"), "probe");
                denied.push(Denied { right, object, reason });
            }
            tried => tried.map_err(wrap)?,
        }
    }
    transaction.rollback().await.map_err(wrap)?;
    Ok(denied)
}

/// What the catalog says.
struct Held {
    /// What is lacking.
    denied: Vec<Denied>,
    /// Whether there is an owner at all: that has a check of its own.
    owner_exists: bool,
    /// Our backend.
    pid: i32,
}

async fn held(transaction: &Transaction<'_>, side: Side, spec: &Spec) -> Result<Held, tokio_postgres::Error> {
    let owner = &spec.side(side).roles.owner;
    let row = transaction.query_one(HELD, &[owner]).await?;
    let (database, login): (String, String) = (row.try_get(2)?, row.try_get(6)?);
    let replicates = (side == Side::Target && !spec.way_back) || row.try_get(4)?;
    let begins = !spec.way_back || row.try_get(8)?;
    let all = [
        (row.try_get(0)?, Right::Owner, owner.clone()),
        (row.try_get(1)?, Right::Database, database),
        (row.try_get(3)?, Right::Sessions, login.clone()),
        (replicates, Right::Replication, login.clone()),
        (begins, Right::Origin, login),
    ];
    let denied = all.into_iter().filter(|(held, ..)| !held);
    let denied = denied.map(|(_, right, object)| Denied { right, object, reason: String::new() }).collect();
    Ok(Held { denied, owner_exists: row.try_get(5)?, pid: row.try_get(7)? })
}

/// What is tried: the right, its object, the statement. Names have the backend's number: two who look at once would wait for each
/// other over the same ones.
fn attempts(side: Side, spec: &Spec, pid: i32) -> Vec<(Right, String, String)> {
    let set = |name: &&str| {
        let name = (*name).to_owned();
        let attempt = format!("SELECT set_config('{name}', current_setting('{name}'), true)");
        (Right::Parameter, name, attempt)
    };
    let mut all: Vec<_> = PARAMETERS.iter().map(set).collect();
    let probe = sql::ident(&format!("{}probe_{pid}", names::prefix(&spec.migration)));
    for way in Direction::ALL.into_iter().filter(|way| *way == Direction::Forward || spec.way_back) {
        if way.start() == side {
            let role = format!("CREATE ROLE {probe} LOGIN REPLICATION NOINHERIT CONNECTION LIMIT 4");
            all.push((Right::ReplicationRole, names::replication_role(&spec.migration, way), role));
        } else {
            let subscription = format!(
                "CREATE SUBSCRIPTION {probe} CONNECTION 'dbname=probe password=probe' PUBLICATION {probe} \
                 WITH (connect = false, slot_name = NONE)"
            );
            all.push((Right::Subscription, names::publication(&spec.migration, way), subscription));
        }
    }
    let trigger = match side {
        Side::Source => Some(names::ddl_trigger(&spec.migration)),
        Side::Target => spec.way_back.then(|| names::watch_trigger(&spec.migration)),
    };
    if let Some(name) = trigger {
        let statement = format!(
            "CREATE SCHEMA {probe}; \
             CREATE FUNCTION {probe}.{probe}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; \
             CREATE EVENT TRIGGER {probe} ON sql_drop EXECUTE FUNCTION {probe}.{probe}()"
        );
        all.push((Right::EventTrigger, name, statement));
    }
    if side == Side::Target {
        all.push(set(&REPLICA));
        let owner = &spec.target.roles.owner;
        all.push((Right::Owner, owner.clone(), format!("SET LOCAL ROLE {}", sql::ident(owner))));
    }
    all
}

fn said(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
}
