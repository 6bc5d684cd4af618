//! Schema changes, as a step before the service starts. In come the service's embedded migrations and the migrating
//! role's binding files; out goes a database whose schema is the one the service needs. Waits, within bounds, for what
//! isn't there yet. Must not touch a side that doesn't own the data: during a split the other one is a copy in the
//! making.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::time::{Instant, sleep, timeout};

use crate::config::Settings;
use crate::pool::{BindingError, Decision, Known, Role, Side, decide, read_bindings};
use crate::telemetry::chain;

/// Pause between two looks at something that isn't there yet.
const PAUSE: Duration = Duration::from_millis(500);
/// Time a connection may take to open.
const CONNECT: Duration = Duration::from_secs(5);
/// A migration may take long; waiting for a lock may not, since everyone else queues up behind it. It is the service's own work: policies of row level
/// security bind the owner of the tables too.
const SESSION: &str = "SET statement_timeout = 0; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'; SET rerp.work = 'on'";

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The binding isn't there or can't be used.
    #[error("the binding of the migrating role can't be used")]
    Binding(#[source] BindingError),
    /// The database didn't answer in time.
    #[error("the database could not be reached in time{}", rerp_pgtls::suffix(.0))]
    Unreachable(#[source] sqlx::Error),
    /// During a split, nobody owned the data in all that time.
    #[error("neither side of the split owns the data; trying again later is right")]
    NobodyOwns,
    /// A migration failed.
    #[error("applying the migrations")]
    Apply(#[source] MigrateError),
}

impl MigrationError {
    /// Whether waiting may help.
    fn is_transient(&self) -> bool {
        match self {
            Self::Binding(_) | Self::Unreachable(_) | Self::NobodyOwns => true,
            Self::Apply(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => match error {
                // 55P03: somebody held a lock for longer than we wait.
                sqlx::Error::Database(error) => error.code().as_deref() == Some("55P03"),
                sqlx::Error::Io(_) => true,
                _ => false,
            },
            Self::Apply(_) => false,
        }
    }
}

/// Applies what is missing, trying again for as long as `settings.migrate_wait` while the cause is a passing one.
///
/// # Errors
/// The last failure.
pub async fn migrate(settings: &Settings, mut migrations: Migrator) -> Result<(), MigrationError> {
    // An older binary may meet a newer schema, when a rollout is taken back: schema changes are made so that this works.
    migrations.set_ignore_missing(true);
    let deadline = Instant::now() + settings.migrate_wait;
    loop {
        match once(settings, &migrations).await {
            Err(error) if error.is_transient() && Instant::now() + PAUSE < deadline => {
                tracing::info!(reason = chain(&error), "waiting");
                sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

async fn once(settings: &Settings, migrations: &Migrator) -> Result<(), MigrationError> {
    let dir = &settings.migrate_dir;
    let bindings = read_bindings(dir).await.map_err(MigrationError::Binding)?;
    let side =
        |uri, file: &str| Side::new(uri, &settings.pool, dir.join(Path::new(file))).map_err(MigrationError::Binding);
    let current = side(&bindings.current, "current")?;
    let owner = match &bindings.next {
        None => current,
        Some(uri) => {
            let next = side(uri, "next")?;
            let (current_says, next_says) = tokio::join!(current.says(), next.says());
            match decide(&current_says, &next_says, Known::default()) {
                Decision::Use(Role::Current, _) => current,
                Decision::Use(Role::Next, _) => next,
                Decision::Open(_) | Decision::Wait => return Err(MigrationError::NobodyOwns),
            }
        }
    };
    let connecting = timeout(CONNECT, owner.connect()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    let mut connection = connecting.map_err(MigrationError::Unreachable)?;
    let applied = apply(&mut connection, migrations).await;
    let _ = timeout(CONNECT, connection.close()).await;
    applied
}

async fn apply(connection: &mut PgConnection, migrations: &Migrator) -> Result<(), MigrationError> {
    connection.execute(sqlx::raw_sql(SESSION)).await.map_err(MigrationError::Unreachable)?;
    // While a split runs its engine refuses schema changes, even the harmless one with which the migrator begins. A
    // service that has nothing to change must be able to restart all the same.
    if is_up_to_date(connection, migrations).await {
        tracing::info!("the schema is up to date");
        return Ok(());
    }
    migrations.run_direct(None, connection, false).await.map_err(MigrationError::Apply)?;
    tracing::info!("the schema was brought up to date");
    Ok(())
}

/// Whether every embedded migration has been applied unchanged. A table that isn't there yet counts as no.
async fn is_up_to_date(connection: &mut PgConnection, migrations: &Migrator) -> bool {
    let table = &migrations.table_name;
    let Ok(None) = connection.dirty_version(table).await else { return false };
    let Ok(applied) = connection.list_applied_migrations(table).await else { return false };
    migrations
        .iter()
        .all(|wanted| applied.iter().any(|done| done.version == wanted.version && done.checksum == wanted.checksum))
}
