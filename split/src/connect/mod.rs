//! Connections to the two servers.
//!
//! In: a PostgreSQL URL. Out: `tokio_postgres` clients that say who they are, notice a dead peer, and mean the same
//! on every server whatever is set there for the role or the database. It must not print a password: `Endpoint`'s
//! `Debug` and every error leave it out.

mod startup;

use crate::spec::Side;
use crate::sql;
use std::fmt;
use std::time::Duration;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

/// How long a connection may take, authentication included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Settings of every session. What a role, a database or a server sets for itself would change the meaning of the
/// work (a `statement_timeout` ends a copy, `row_security` hides rows), and the startup packet outranks it.
/// `idle_session_timeout` ends what a frozen worker left behind outside of a transaction.
const SETTINGS: &[(&str, &str)] = &[
    ("search_path", "pg_catalog"),
    ("row_security", "off"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "600000"),
    ("client_min_messages", "warning"),
    ("DateStyle", "ISO,YMD"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
];

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not a PostgreSQL URL.
    #[error("the URL of the {side} is not a PostgreSQL URL")]
    Url {
        /// Which side.
        side: Side,
        /// What the parser says; it does not repeat the URL.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The URL lacks something, or names several servers.
    #[error("the URL of the {side} must name exactly one {what}")]
    Incomplete {
        /// Which side.
        side: Side,
        /// What is missing.
        what: &'static str,
    },
    /// TCP failed.
    #[error("reach the {side}")]
    Reach {
        /// Which side.
        side: Side,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// The server refused.
    #[error("log in to the {side}")]
    Login {
        /// Which side.
        side: Side,
        /// The reason.
        #[source]
        source: tokio_postgres::Error,
    },
    /// Nothing happened for too long.
    #[error("the {side} did not answer within {CONNECT_TIMEOUT:?}")]
    Timeout {
        /// Which side.
        side: Side,
    },
}

/// One of the two servers: how to reach it, and on whose behalf.
#[derive(Clone)]
pub struct Endpoint {
    side: Side,
    config: Config,
    host: String,
    port: u16,
    migration: String,
    run: i64,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}:{}/{}", self.side, self.host, self.port, self.database())
    }
}

impl Endpoint {
    /// Reads a URL `postgresql://user:password@host:port/database`.
    ///
    /// # Errors
    /// The URL can't be parsed, or doesn't name one host, a user and a database.
    pub fn parse(side: Side, url: &str, migration: &str) -> Result<Self, ConnectError> {
        let config: Config = url.parse().map_err(|source| ConnectError::Url { side, source })?;
        let host = match config.get_hosts() {
            [Host::Tcp(host)] => host.clone(),
            _ => {
                return Err(ConnectError::Incomplete { side, what: "TCP host" });
            }
        };
        if config.get_user().is_none() {
            return Err(ConnectError::Incomplete { side, what: "user" });
        }
        if config.get_dbname().is_none() {
            return Err(ConnectError::Incomplete { side, what: "database" });
        }
        let port = config.get_ports().first().copied().unwrap_or(5432);
        Ok(Self { side, config, host, port, migration: migration.to_owned(), run: 0 })
    }

    /// The same server, for sessions of run `run`: a later run finds and ends them by their application name.
    #[must_use]
    pub fn for_run(&self, run: i64) -> Self {
        Self { run, ..self.clone() }
    }

    /// Which side this is.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// The database's name.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// Opens a session. `purpose` is one word that tells it apart in `pg_stat_activity`.
    ///
    /// # Errors
    /// The server can't be reached or refuses.
    pub async fn connect(&self, purpose: &str) -> Result<Client, ConnectError> {
        let login = self.session_config(purpose);
        let (client, connection) =
            bounded(self.side, async { login.connect(NoTls).await.map_err(|source| self.login_error(source)) }).await?;
        spawn(self.side, connection);
        self.forget_transaction_timeout(&client).await?;
        Ok(client)
    }

    /// Opens a session that also takes replication commands (`CREATE_REPLICATION_SLOT`). Only simple queries work on
    /// it, and the next command ends a snapshot that the last one exported.
    ///
    /// # Errors
    /// The server can't be reached or refuses.
    pub async fn connect_replication(&self, purpose: &str) -> Result<Client, ConnectError> {
        let login = self.session_config(purpose);
        let (client, connection) = bounded(self.side, async {
            let socket = tokio::net::TcpStream::connect((self.host.as_str(), self.port))
                .await
                .map_err(|source| ConnectError::Reach { side: self.side, source })?;
            let stream = startup::Replication::new(socket);
            login.connect_raw(stream, NoTls).await.map_err(|source| self.login_error(source))
        })
        .await?;
        spawn(self.side, connection);
        Ok(client)
    }

    /// The libpq settings of this server for a child process: never on a command line, where others could read them.
    #[must_use]
    pub fn libpq_env(&self, purpose: &str) -> Vec<(&'static str, String)> {
        let password = self.config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        vec![
            ("PGHOST", self.host.clone()),
            ("PGPORT", self.port.to_string()),
            ("PGDATABASE", self.database().to_owned()),
            ("PGUSER", self.config.get_user().unwrap_or_default().to_owned()),
            ("PGPASSWORD", password.unwrap_or_default()),
            ("PGAPPNAME", self.application_name(purpose)),
            ("PGCONNECT_TIMEOUT", CONNECT_TIMEOUT.as_secs().to_string()),
        ]
    }

    /// A libpq connection string for another login on this server. It holds the password: never log it.
    #[must_use]
    pub fn conninfo(&self, user: &str, password: &str) -> String {
        let value = sql::conninfo_value;
        format!(
            "host={} port={} dbname={} user={} password={} connect_timeout={} keepalives_idle=10 keepalives_interval=5 keepalives_count=3",
            value(&self.host),
            self.port,
            value(self.database()),
            value(user),
            value(password),
            CONNECT_TIMEOUT.as_secs()
        )
    }

    /// `rerp-split/<migration>/<run>/<purpose>`, cut to the 63 bytes that the server keeps.
    #[must_use]
    pub fn application_name(&self, purpose: &str) -> String {
        let mut name = format!("{}{}/{purpose}", application_prefix(&self.migration), self.run);
        name.truncate(63);
        name
    }

    fn session_config(&self, purpose: &str) -> Config {
        let mut config = self.config.clone();
        let mut options = config.get_options().map(|given| format!("{given} ")).unwrap_or_default();
        for (name, value) in SETTINGS {
            options.push_str(&format!("-c {name}={value} "));
        }
        options.push_str(&format!("-c rerp_split.migration={}", self.migration));
        config
            .options(&options)
            .application_name(self.application_name(purpose))
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(Duration::from_secs(60))
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        config
    }

    /// 17 has a timeout that 15 and 16 don't know, so it can't be in the startup packet.
    async fn forget_transaction_timeout(&self, client: &Client) -> Result<(), ConnectError> {
        client
            .batch_execute(
                "SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'",
            )
            .await
            .map_err(|source| self.login_error(source))
    }

    fn login_error(&self, source: tokio_postgres::Error) -> ConnectError {
        ConnectError::Login { side: self.side, source }
    }
}

/// What the application names of all sessions of a migration begin with; the run number follows.
#[must_use]
pub fn application_prefix(migration: &str) -> String {
    format!("rerp-split/{migration}/")
}

async fn bounded<T>(side: Side, work: impl Future<Output = Result<T, ConnectError>>) -> Result<T, ConnectError> {
    tokio::time::timeout(CONNECT_TIMEOUT, work).await.unwrap_or(Err(ConnectError::Timeout { side }))
}

/// Drives a connection until its client is dropped; what ends it early reaches the client's caller as an error.
fn spawn<C>(side: Side, connection: C)
where
    C: Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%side, %error, "session ended");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "postgresql://postgres:s%27ecret@127.0.0.1:5433/mono?options=-cfoo.bar%3D1";

    #[test]
    fn nothing_prints_the_password() {
        let endpoint = Endpoint::parse(Side::Source, URL, "abc").unwrap();
        assert_eq!(format!("{endpoint:?}"), "source 127.0.0.1:5433/mono");
        assert_eq!(endpoint.for_run(7).application_name("copy"), "rerp-split/abc/7/copy");
    }

    #[test]
    fn a_conninfo_quotes_its_values() {
        let endpoint = Endpoint::parse(Side::Source, URL, "abc").unwrap();
        let text = endpoint.conninfo("u", "p'w");
        assert!(text.starts_with("host='127.0.0.1' port=5433 dbname='mono' user='u' password='p\\'w' "), "{text}");
    }

    #[test]
    fn what_is_missing_is_named() {
        for (url, what) in [
            ("postgresql://u@/db", "TCP host"),
            ("postgresql://u@a,b/db", "TCP host"),
            ("postgresql://h/db", "user"),
            ("postgresql://u@h", "database"),
        ] {
            let error = Endpoint::parse(Side::Target, url, "abc").unwrap_err();
            assert!(matches!(error, ConnectError::Incomplete { what: w, .. } if w == what), "{url}: {error:?}");
        }
    }
}
