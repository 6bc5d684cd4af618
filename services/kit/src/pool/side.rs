//! One server the service can be bound to: a pool for requests and one connection for questions.
//! In come an address and limits; out go connections and what the side says about itself.
//! Must not decide which side is used.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgPool, Postgres};
use tokio::sync::Mutex;
use tokio::time::error::Elapsed;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::behalf::AT_WORK;
use super::error::BindingError;
use super::fault::{self, Fault};
use super::owner::{OwnerRow, Says};
use super::rehearsal::{Script, Written};
use crate::config::PoolSettings;
use crate::metrics::PoolMetrics;

/// How long a side may take to answer a question about ownership before it counts as silent.
const QUESTION: Duration = Duration::from_millis(500);
/// How long opening a side may take: it grants rights on every table, and the worker or another pod may be doing it at
/// this very moment.
const OPENING: Duration = Duration::from_millis(1500);
/// How long one round of opening idle connections may take.
const WARMING: Duration = Duration::from_secs(5);
/// How long a question about statements, or planning them, may take on one connection.
const REHEARSING: Duration = Duration::from_secs(1);
/// Rest between planning on one connection and on the next.
const BETWEEN: Duration = Duration::from_millis(20);
/// How long the requests of a side that is no longer bound may take to give their connections back.
const RETIRING: Duration = Duration::from_secs(60);
/// Age at which a connection is replaced, so that rotated passwords and moved services are noticed.
const LIFETIME: Duration = Duration::from_secs(30 * 60);
/// Idle longer than this, a connection is tested before use: load balancers and restarts cut idle ones unnoticed.
const TRUSTED: Duration = Duration::from_secs(5);

/// The schema is the first of the search path, which the role sets; `current_schema()` would be NULL once USAGE on it
/// is revoked, and exactly then the answer matters.
const OWNER_ROW: &str = "SELECT migration, epoch, is_owner, proof FROM rerp_split.owner \
     WHERE schema_name = btrim(split_part(current_setting('search_path'), ',', 1), ' \"')";

/// Something to ask a server. The future is boxed: the compiler can't yet prove `Send` for a call's future that is
/// generic over an async closure.
trait Question<T>: Fn(&mut PgConnection) -> BoxFuture<'_, Result<T, sqlx::Error>> + Send + Sync {}
impl<T, F: Fn(&mut PgConnection) -> BoxFuture<'_, Result<T, sqlx::Error>> + Send + Sync> Question<T> for F {}

pub(crate) struct Side {
    uri: SecretString,
    options: PgConnectOptions,
    pool: PgPool,
    /// Like `options`, as the login itself: a migrating login acts as the owner of the tables, who may not read the journal.
    asking: PgConnectOptions,
    /// For questions only: they must be answered while every other connection waits in a fence. `None` until needed
    /// and after a failure.
    probe: Mutex<Option<PgConnection>>,
    /// Held by the one round of warming that may run.
    warming: Mutex<()>,
    max: u32,
}

impl std::fmt::Debug for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Side").field("place", &self.place()).finish_non_exhaustive()
    }
}

impl Side {
    /// Prepares a side; opens nothing yet. `path` is named in the error, the address isn't.
    ///
    /// # Errors
    /// When `uri` is not a PostgreSQL address.
    pub(crate) fn new(uri: &SecretString, settings: &PoolSettings, path: PathBuf) -> Result<Arc<Self>, BindingError> {
        let text = uri.expose_secret();
        if !(text.starts_with("postgresql://") || text.starts_with("postgres://")) {
            return Err(BindingError::NotAnAddress { path });
        }
        let options = PgConnectOptions::from_str(text)
            .map_err(|_| BindingError::NotAnAddress { path })?
            .application_name(&settings.application_name)
            // A request never waits longer than its deadline; what it leaves behind on the server must end as well.
            .options([("statement_timeout", "30s"), ("idle_in_transaction_session_timeout", "30s"), AT_WORK])
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(Duration::from_secs(30))
            .idle_timeout(None)
            .max_lifetime(LIFETIME)
            .test_before_acquire(false)
            .before_acquire(|connection, idle| {
                Box::pin(async move {
                    if idle.idle_for > TRUSTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options.clone());
        let asking = options.clone().options([("role", "none")]);
        Ok(Arc::new(Self {
            asking,
            uri: uri.clone(),
            options,
            pool,
            probe: Mutex::new(None),
            warming: Mutex::new(()),
            max: settings.max_connections,
        }))
    }

    pub(crate) fn is_bound_to(&self, uri: &SecretString) -> bool {
        self.uri.expose_secret() == uri.expose_secret()
    }

    /// Server, database and search path, without the credentials: what stays the same when a password is rotated.
    pub(crate) fn place(&self) -> (&str, u16, Option<&str>, Option<&str>) {
        (self.options.get_host(), self.options.get_port(), self.options.get_database(), self.options.get_options())
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Opens idle connections until there are `wanted`, at most the pool's limit. Failures are left to the next round.
    pub(crate) async fn warm(&self, wanted: u32) {
        let Ok(_alone) = self.warming.try_lock() else { return };
        let wanted = wanted.min(self.max);
        let missing = wanted.saturating_sub(self.pool.size());
        if missing == 0 {
            return;
        }
        // A pool hands out idle connections first, so these are taken along to make it open the missing ones.
        let taken = missing as usize + self.pool.num_idle();
        let held = join_all((0..taken).map(|_| timeout(WARMING, self.pool.acquire()))).await;
        if let Some(error) = held.iter().find_map(|taken| taken.as_ref().ok().and_then(|taken| taken.as_ref().err())) {
            let advice = rerp_pgtls::advice(error);
            tracing::warn!(place = ?self.place(), error = crate::telemetry::chain(error), advice, "can't open connections");
        }
    }

    /// Adds to a script what requests have run on one of the idle connections.
    pub(crate) async fn teach(&self, script: &mut Script) {
        if let Some(mut connection) = self.pool.try_acquire() {
            let learned = timeout(REHEARSING, script.learn(&mut connection)).await;
            self.settle(connection, learned);
        }
    }

    /// Goes through a script on every idle connection, for as long as `wanted` holds. One at a time and unhurried: it must
    /// not take from requests the server's time that it is to save them. Ends early with a server that doesn't answer; a
    /// failure is left to the next round.
    pub(crate) async fn rehearse(&self, script: &Written, wanted: impl Fn() -> bool, metrics: &PoolMetrics) {
        let mut ready = 0;
        for _ in 0..self.pool.num_idle() {
            // The pool hands out what has been idle the longest, so this goes round.
            let Some(mut connection) = self.pool.try_acquire().filter(|_| wanted()) else { break };
            let rehearsed = timeout(REHEARSING, script.rehearse(&mut connection)).await;
            match self.settle(connection, rehearsed) {
                Some(true) => {
                    metrics.rehearsed.set(0);
                    metrics.rehearsals.inc();
                    sleep(BETWEEN).await;
                }
                Some(false) => ready += 1,
                None => break,
            }
        }
        metrics.rehearsed.set(ready);
    }

    /// What came of a question on a connection of the pool. One that isn't known to be between statements is closed.
    fn settle<T>(
        &self,
        mut connection: PoolConnection<Postgres>,
        answered: Result<Result<T, sqlx::Error>, Elapsed>,
    ) -> Option<T> {
        let error = match answered {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => {
                if fault::of_statement(&error) == Fault::Lost {
                    connection.close_on_drop();
                }
                crate::telemetry::chain(&error)
            }
            Err(elapsed) => {
                connection.close_on_drop();
                elapsed.to_string()
            }
        };
        tracing::debug!(place = ?self.place(), error, "can't rehearse");
        None
    }

    /// A connection outside of the pool, for work that isn't a request's.
    ///
    /// # Errors
    /// The driver's.
    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        self.options.connect().await
    }

    /// Whether the server answers.
    pub(crate) async fn answers(&self) -> bool {
        self.ask(QUESTION, |connection| connection.ping().boxed()).await.is_ok()
    }

    /// What this side's owner row says.
    pub(crate) async fn says(&self) -> Says {
        let row = self
            .ask(QUESTION, |connection| {
                sqlx::query_as::<_, OwnerRow>(OWNER_ROW).persistent(false).fetch_optional(connection).boxed()
            })
            .await;
        match row {
            Ok(Some(row)) => Says::Row(row),
            Ok(None) => Says::NoRow,
            // No journal, or none that we may read: no migration was begun here.
            Err(error) if fault::of_statement(&error) == Fault::Closed => Says::NoRow,
            Err(_) => Says::Nothing,
        }
    }

    /// Asks this side to open itself. True when it is the owner at that epoch now.
    ///
    /// # Errors
    /// When the question couldn't be asked. It may have had its effect all the same; asking again is harmless.
    pub(crate) async fn open(&self, migration: &str, proof: Uuid) -> Result<bool, sqlx::Error> {
        let migration = migration.to_owned();
        self.ask(OPENING, move |connection| {
            let opening = sqlx::query_scalar("SELECT rerp_split.open($1, $2)").persistent(false);
            opening.bind(migration.clone()).bind(proof).fetch_one(connection).boxed()
        })
        .await
    }

    /// Closes the pool once its requests have ended. Doesn't wait for it.
    pub(crate) fn retire(self: &Arc<Self>) {
        let side = Arc::clone(self);
        tokio::spawn(async move {
            let _ = timeout(RETIRING, side.pool.close()).await;
            if let Some(connection) = side.probe.lock().await.take() {
                let _ = timeout(QUESTION, connection.close()).await;
            }
        });
    }

    /// Runs a question on the probe, connecting first if need be. A kept connection that turns out dead is replaced
    /// once. When the time is up the connection is dropped with the question.
    async fn ask<T>(&self, limit: Duration, question: impl Question<T>) -> Result<T, sqlx::Error> {
        let asked = async {
            let mut slot = self.probe.lock().await;
            if let Some(mut connection) = slot.take() {
                let answer = question(&mut connection).await;
                if !answer.as_ref().is_err_and(|error| fault::of_statement(error) == Fault::Lost) {
                    *slot = Some(connection);
                    return answer;
                }
            }
            let mut connection = self.asking.connect().await?;
            let answer = question(&mut connection).await;
            *slot = Some(connection);
            answer
        };
        timeout(limit, asked).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}
