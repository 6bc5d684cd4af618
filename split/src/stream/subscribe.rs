//! The subscription and the login it uses.
//!
//! The subscribing server connects by itself, so it needs a password that works: random, new for each subscription,
//! sent to the source only as a SCRAM verifier, and to the target only inside of `CREATE SUBSCRIPTION`.

use crate::failpoint::{self, Step};
use crate::journal;
use crate::names;
use crate::spec::Direction;
use crate::sql;
use crate::step::{Job, StepError, failed};
use rand::RngExt;
use tokio_postgres::Client;

/// Keeps a statement out of the server's log for the rest of the transaction, should the log be set to show it.
pub(crate) const UNLOGGED: &str = "SET LOCAL log_statement = 'none'; SET LOCAL log_min_error_statement = 'panic'; \
    SET LOCAL log_min_duration_statement = -1; SET LOCAL log_min_duration_sample = -1; \
    SET LOCAL log_parameter_max_length_on_error = 0";
/// Bytes of randomness in a password.
const PASSWORD_BYTES: usize = 24;

/// The replication role's statements. `verifier` is a SCRAM verifier, never the password.
#[must_use]
pub fn role_sql(migration: &str, direction: Direction, verifier: &str, exists: bool) -> Vec<String> {
    let role = sql::ident(&names::replication_role(migration, direction));
    let verb = if exists { "ALTER" } else { "CREATE" };
    vec![
        format!(
            "{verb} ROLE {role} LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 4 PASSWORD {}",
            sql::literal(verifier)
        ),
        format!("COMMENT ON ROLE {role} IS {}", sql::literal(&format!("rerp: replication of migration {migration}"))),
    ]
}

/// `CREATE SUBSCRIPTION` on a slot that exists, copying nothing, disabled. `versions` are the `server_version_num` of
/// publisher and subscriber; the smaller of both decides about `origin`, which the publisher must know.
#[must_use]
pub fn subscription_sql(
    migration: &str,
    direction: Direction,
    (name, slot): (&str, &str),
    conninfo: &str,
    versions: (u32, u32),
) -> String {
    let (publisher, subscriber) = versions;
    let mut options = format!(
        "create_slot = false, slot_name = {}, copy_data = false, enabled = false, streaming = off",
        sql::literal(slot)
    );
    if publisher >= 160_000 && subscriber >= 160_000 {
        options.push_str(", origin = none");
    }
    if subscriber >= 160_000 {
        options.push_str(", run_as_owner = true, password_required = true");
    }
    format!(
        "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH ({options})",
        sql::ident(name),
        sql::literal(conninfo),
        sql::ident(&names::publication(migration, direction))
    )
}

/// Makes the role's password anew and the subscription on `slot`, disabled: what is wrong with the way from the subscriber
/// to the publisher shows here, before anything is copied. `start` and `end` are sessions on the two.
///
/// # Errors
/// The subscriber can't reach the publisher, a statement fails, or a newer worker has begun.
pub async fn create_subscription(
    job: &Job,
    direction: Direction,
    start: &mut Client,
    end: &mut Client,
    slot: &str,
) -> Result<(), StepError> {
    let password = password();
    let role = names::replication_role(job.id(), direction);
    set_role(job, direction, start, &password).await?;
    failpoint::step(Step::RoleMade).await;
    let name = names::subscription(job.id(), direction, job.run);
    journal::cleanup::intend(end, job.id(), job.run, "subscription", &name).await?;
    failpoint::step(Step::SubscriptionIntended).await;
    let versions = (version(start).await?, version(end).await?);
    let conninfo = job.endpoint(direction.start()).conninfo(&role, &password);
    let transaction = job.begin(end).await?;
    let script = format!(
        "{UNLOGGED}; SET LOCAL statement_timeout = '60s'; {}",
        subscription_sql(job.id(), direction, (&name, slot), &conninfo, versions)
    );
    transaction.batch_execute(&script).await.map_err(failed("create the subscription"))?;
    transaction.commit().await.map_err(failed("create the subscription"))
}

/// Lets the subscription run that leads to the target; a no-op if it does.
///
/// # Errors
/// There is no subscription of this migration, a statement fails, or a newer worker has begun.
pub async fn enable(job: &Job, target: &mut Client) -> Result<(), StepError> {
    let Some(Subscription { name, .. }) = find(job, Direction::Forward, target).await? else {
        return Err(StepError::Doomed(format!("the subscription of migration {} is gone from the target", job.id())));
    };
    let transaction = job.begin(target).await?;
    let script = format!("ALTER SUBSCRIPTION {} ENABLE", sql::ident(&name));
    transaction.batch_execute(&script).await.map_err(failed("enable the subscription"))?;
    transaction.commit().await.map_err(failed("enable the subscription"))
}

/// A subscription of this migration, as the catalog has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its name.
    pub name: String,
    /// Whether it may run.
    pub enabled: bool,
    /// What it reads from.
    pub slot: Option<String>,
}

/// The subscription of this direction, on the session of its subscriber; the youngest if there are several.
///
/// # Errors
/// The catalog can't be read.
pub async fn find(job: &Job, direction: Direction, end: &Client) -> Result<Option<Subscription>, StepError> {
    let select = "SELECT subname::text, subenabled, subslotname::text FROM pg_subscription s \
                  JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database() \
                  AND starts_with(subname, $1) ORDER BY s.oid DESC LIMIT 1";
    let row = end.query_opt(select, &[&names::publication(job.id(), direction)]).await;
    let row = row.map_err(failed("look for the subscription"))?;
    Ok(row.map(|row| Subscription { name: row.get(0), enabled: row.get(1), slot: row.get(2) }))
}

async fn set_role(job: &Job, direction: Direction, start: &mut Client, password: &str) -> Result<(), StepError> {
    let role = names::replication_role(job.id(), direction);
    journal::cleanup::intend(start, job.id(), job.run, "role", &role).await?;
    failpoint::step(Step::RoleIntended).await;
    let exists = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";
    let row = start.query_one(exists, &[&role]).await.map_err(failed("look for the replication role"))?;
    let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
    let statements = role_sql(job.id(), direction, &verifier, row.get(0));
    let action = "create the replication role";
    let transaction = job.begin(start).await?;
    transaction.batch_execute(&format!("{UNLOGGED}; {}", statements.join("; "))).await.map_err(failed(action))?;
    // Everybody may connect unless somebody has changed that; a grant nobody needs would stay in the database's rights.
    let connects = "SELECT has_database_privilege($1::text, current_database(), 'CONNECT')";
    if !transaction.query_one(connects, &[&role]).await.map_err(failed(action))?.get::<_, bool>(0) {
        let database = sql::ident(job.endpoint(direction.start()).database());
        let grant = format!("GRANT CONNECT ON DATABASE {database} TO {}", sql::ident(&role));
        transaction.batch_execute(&grant).await.map_err(failed(action))?;
    }
    transaction.commit().await.map_err(failed(action))
}

async fn version(client: &Client) -> Result<u32, StepError> {
    let select = "SELECT current_setting('server_version_num')::int4";
    let row = client.query_one(select, &[]).await.map_err(failed("read the server's version"))?;
    u32::try_from(row.get::<_, i32>(0)).map_err(|_| StepError::Doomed("the server has no version".into()))
}

fn password() -> String {
    hex::encode(rand::rng().random::<[u8; PASSWORD_BYTES]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_follow_the_versions() {
        let sql = |versions| subscription_sql("m", Direction::Forward, ("s", "slot"), "host=h", versions);
        assert!(!sql((150_000, 170_000)).contains("origin"));
        assert!(sql((150_000, 170_000)).contains("run_as_owner = true"));
        assert!(!sql((170_000, 150_000)).contains("run_as_owner"));
        assert!(sql((160_000, 180_000)).contains("origin = none"));
    }

    #[test]
    fn passwords_differ() {
        assert_ne!(password(), password());
        assert_eq!(password().len(), 2 * PASSWORD_BYTES);
    }
}
