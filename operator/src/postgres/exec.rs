//! Connections and transactions. In: where a server is, what is wanted there. Out: what was done.
//! Every wait has a deadline, on our side and on the server's. Must not: render SQL or decide.

use super::catalog::{Catalog, DefaultGrant, Object, Role, Schema};
use super::plan::{self, Refusal, Statement, Wanted};
use super::sql;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row, Transaction};

/// Deadline of opening a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Deadline of a whole visit, on our side.
const VISIT: Duration = Duration::from_secs(45);
/// The server's own deadlines, for a visit whose caller is gone.
const OPTIONS: &str = "-c statement_timeout=20s -c lock_timeout=5s -c idle_in_transaction_session_timeout=20s \
     -c search_path=pg_catalog";

/// A visit to a server that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answers, or the server is starting or stopping.
    #[error("connect to {host}:{port}")]
    Connect { host: String, port: u16, source: Option<tokio_postgres::Error> },
    /// There is nothing to verify the server with.
    #[error("connect to {host}:{port}")]
    Roots { host: String, port: u16, source: rerp_pgtls::Error },
    /// The server refuses the password.
    #[error("{host}:{port} refuses the password of role {user}")]
    Password { host: String, port: u16, user: String },
    /// A statement failed.
    #[error("{what}")]
    Statement { what: String, source: tokio_postgres::Error },
    /// What is wanted belongs to somebody else.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The visit took too long.
    #[error("{host}:{port} did not finish in time")]
    Timeout { host: String, port: u16 },
}

impl Error {
    /// One line for a condition, with the server's own message. Statements are shown redacted.
    pub fn describe(&self) -> String {
        match self {
            Self::Connect { source, .. } => match source.as_ref().and_then(|source| source.as_db_error()) {
                Some(said) => format!("{self}: {}", said.message()),
                None => format!("{self}: {}", source.as_ref().map_or_else(silence, unanswered)),
            },
            Self::Roots { source, .. } => format!("{self}: {source}"),
            Self::Statement { source, .. } => match source.as_db_error() {
                Some(said) => format!("{self}: {}", said.message()),
                None => format!("{self}: the connection broke"),
            },
            _ => self.to_string(),
        }
    }

    /// Whether trying again may help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            // A certificate that is refused is soon another one: the kubelet is about to bring it, or the roots.
            Self::Connect { .. } | Self::Roots { .. } | Self::Timeout { .. } => true,
            Self::Password { .. } | Self::Refused(_) => false,
            // Without a code the connection broke. 08, 40, 53, 55, 57: connection, rollback, resources, locks, shutdown.
            Self::Statement { source, .. } => source.code().is_none_or(|code| {
                ["08", "40", "53", "55", "57"].iter().any(|class| code.code().starts_with(class))
                    || [SqlState::DUPLICATE_OBJECT, SqlState::DUPLICATE_SCHEMA, SqlState::UNIQUE_VIOLATION]
                        .contains(code)
            }),
        }
    }
}

/// A superuser's way into a server.
#[derive(Clone)]
pub struct Admin {
    /// DNS name.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Role.
    pub user: String,
    /// Password.
    pub password: String,
    /// Roots, PEM: the server's certificate has to be signed by one of them, and to say `host`.
    pub roots: String,
}

/// Opens connections. `pinned` sends all of them to one address and expects one name there, whatever the host's name is: tests
/// have a server but no cluster DNS.
#[derive(Clone, Copy, Debug, Default)]
pub struct Connector {
    pinned: Option<(IpAddr, u16, &'static str)>,
}

/// A connection and the task that drives it; both end with this value.
pub struct Session {
    /// Sends statements.
    pub client: Client,
    driver: tokio::task::JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connector {
    /// All connections go to this address, whose certificate has to be for `name`.
    pub fn pinned(address: IpAddr, port: u16, name: &'static str) -> Self {
        Self { pinned: Some((address, port, name)) }
    }

    /// A connection to one database.
    pub async fn connect(&self, admin: &Admin, database: &str) -> Result<Session, Error> {
        let mut config = tokio_postgres::Config::new();
        config.ssl_mode(SslMode::Require).user(&admin.user).password(&admin.password).dbname(database);
        config.application_name("rerp-operator").options(OPTIONS).connect_timeout(CONNECT);
        match self.pinned {
            Some((address, port, name)) => config.hostaddr(address).host(name).port(port),
            None => config.host(&admin.host).port(admin.port),
        };
        let (host, port) = (admin.host.clone(), admin.port);
        let tls = match rerp_pgtls::trusting(admin.roots.as_bytes(), "ca.crt in the Secret of the superuser") {
            Ok(tls) => tls.driver(),
            Err(source) => return Err(Error::Roots { host, port, source }),
        };
        match tokio::time::timeout(CONNECT * 2, config.connect(tls)).await {
            Ok(Ok((client, connection))) => {
                // The connection's end is seen by the client's next call.
                let driver = tokio::spawn(async move { drop(connection.await) });
                Ok(Session { client, driver })
            }
            Ok(Err(source)) if source.code() == Some(&SqlState::INVALID_PASSWORD) => {
                Err(Error::Password { host, port, user: admin.user.clone() })
            }
            Ok(Err(source)) => Err(Error::Connect { host, port, source: Some(source) }),
            Err(_) => Err(Error::Connect { host, port, source: None }),
        }
    }

    /// Makes sure that `database` exists. Returns whether it was created.
    pub async fn ensure_database(&self, admin: &Admin, database: &str) -> Result<bool, Error> {
        self.visit(admin, async {
            let session = self.connect(admin, "postgres").await?;
            let exists = session.client.query_one(sql::DATABASE_EXISTS, &[&database]).await;
            let exists: bool = exists.and_then(|row| row.try_get(0)).map_err(failed("look for the database"))?;
            if exists {
                return Ok(false);
            }
            let create = sql::create_database(database);
            session.client.batch_execute(&create).await.map_err(|source| Error::Statement { what: create, source })?;
            Ok(true)
        })
        .await
    }

    /// Brings roles, schema and extensions to what is wanted, all or nothing. Returns the statements
    /// that ran; none means that nothing was missing and nothing was written.
    pub async fn converge(&self, admin: &Admin, wanted: &Wanted) -> Result<Vec<Statement>, Error> {
        self.visit(admin, async {
            let mut session = self.connect(admin, &wanted.database).await?;
            let transaction = session.client.transaction().await.map_err(failed("begin"))?;
            transaction.batch_execute(sql::QUIET).await.map_err(failed("prepare the transaction"))?;
            transaction.batch_execute(sql::LOCK).await.map_err(failed("wait for another visit's lock"))?;
            let statements = plan::plan(wanted, &catalog(&transaction, wanted).await?)?;
            for statement in &statements {
                transaction
                    .batch_execute(&sql::render(statement))
                    .await
                    .map_err(|source| Error::Statement { what: sql::redacted(statement), source })?;
            }
            transaction.commit().await.map_err(failed("commit"))?;
            Ok(statements)
        })
        .await
    }

    async fn visit<T>(&self, admin: &Admin, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = |_| Error::Timeout { host: admin.host.clone(), port: admin.port };
        tokio::time::timeout(VISIT, work).await.map_err(late)?
    }
}

/// What became of a connection that the server said nothing about.
fn unanswered(error: &tokio_postgres::Error) -> String {
    let source = std::error::Error::source(error).filter(|source| !source.is::<std::io::Error>());
    rerp_pgtls::advice(error).or(source.map(ToString::to_string)).unwrap_or_else(silence)
}

fn silence() -> String {
    "nobody answers there".to_owned()
}

fn failed(what: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |source| Error::Statement { what: what.to_owned(), source }
}

/// Reads what `plan` looks at.
async fn catalog(transaction: &Transaction<'_>, wanted: &Wanted) -> Result<Catalog, Error> {
    let read = failed("read the catalog");
    let mut catalog = Catalog::default();
    for row in transaction.query(sql::ROLES, &[&wanted.role_names()]).await.map_err(&read)? {
        let (name, found) = role(&row).map_err(&read)?;
        catalog.roles.insert(name, found);
    }
    if let Some(row) = transaction.query_opt(sql::SCHEMA, &[&wanted.schema]).await.map_err(&read)? {
        let mut found = schema(&row).map_err(&read)?;
        for row in transaction.query(sql::DEFAULTS, &[&found.owner, &wanted.schema]).await.map_err(&read)? {
            found.defaults.extend(default_grant(&row).map_err(&read)?);
        }
        catalog.schema = Some(found);
    }
    for row in transaction.query(sql::EXTENSIONS, &[&wanted.extensions]).await.map_err(&read)? {
        let name: String = row.try_get(0).map_err(&read)?;
        if row.try_get(1).map_err(&read)? {
            catalog.extensions.insert(name.clone());
        }
        catalog.available.insert(name);
    }
    Ok(catalog)
}

fn role(row: &Row) -> Result<(String, Role), tokio_postgres::Error> {
    let role = Role {
        comment: row.try_get(1)?,
        login: row.try_get(2)?,
        privileged: row.try_get(3)?,
        verifier: row.try_get(4)?,
        // The server keeps `search_path` with its quotes, which ours never need.
        settings: names(row, 5)?.into_iter().map(|line| line.replace('"', "")).collect(),
        member_of: names(row, 6)?,
    };
    Ok((row.try_get(0)?, role))
}

fn schema(row: &Row) -> Result<Schema, tokio_postgres::Error> {
    Ok(Schema { owner: row.try_get(0)?, comment: row.try_get(1)?, usage: names(row, 2)?, defaults: BTreeSet::new() })
}

fn names(row: &Row, column: usize) -> Result<BTreeSet<String>, tokio_postgres::Error> {
    Ok(row.try_get::<_, Vec<String>>(column)?.into_iter().collect())
}

/// None for kinds of objects that we don't set defaults for.
fn default_grant(row: &Row) -> Result<Option<DefaultGrant>, tokio_postgres::Error> {
    let object = match row.try_get::<_, String>(0)?.as_str() {
        "r" => Object::Tables,
        "S" => Object::Sequences,
        _ => return Ok(None),
    };
    Ok(Some(DefaultGrant { object, grantee: row.try_get(1)? }))
}
