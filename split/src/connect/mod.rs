//! Connections to the two servers.
//!
//! In: a PostgreSQL URL. Out: `tokio_postgres` clients that say who they are, notice a dead peer, and mean the same
//! on every server whatever is set there for the role or the database. It must not print a password: `Endpoint`'s
//! `Debug` and every error leave it out.

mod error;
mod startup;

pub use error::ConnectError;

use crate::spec::Side;
use crate::sql;
use rerp_pgtls::{Address, Tls, advice};
use std::fmt;
use std::path::Path;
use std::time::Duration;
use tokio_postgres::config::{ChannelBinding, Host, SslMode};
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
    // What is looked at under a lock has to be what is there then. A space of an option is escaped.
    ("default_transaction_isolation", "read\\ committed"),
    ("client_min_messages", "warning"),
    ("DateStyle", "ISO,YMD"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
];

/// One of the two servers: how to reach it, and on whose behalf.
#[derive(Clone)]
pub struct Endpoint {
    side: Side,
    config: Config,
    tls: Tls,
    roots_elsewhere: Option<String>,
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
    /// Reads a URL `postgresql://user:password@host:port/database`, with `sslmode` and `sslrootcert` as libpq has them.
    ///
    /// # Errors
    /// The URL can't be parsed, or doesn't name one host, a user and a database. What the driver says about a URL may hold
    /// parts of it, hence of a password that isn't encoded as it should be, so no error repeats that.
    pub fn parse(side: Side, url: &str, migration: &str) -> Result<Self, ConnectError> {
        if !["postgresql://", "postgres://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(ConnectError::Unreadable { side });
        }
        let Address { config, tls } = Address::parse(url).map_err(|source| match source {
            rerp_pgtls::Error::Url(_) => ConnectError::Unreadable { side },
            source => ConnectError::Url { side, source },
        })?;
        let host = match config.get_hosts() {
            // The rest of a password with an @ in it.
            [Host::Tcp(host)] if host.contains('@') => return Err(ConnectError::Unreadable { side }),
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
        Ok(Self { side, config, tls, roots_elsewhere: None, host, port, migration: migration.to_owned(), run: 0 })
    }

    /// The same server; the other one, which opens subscriptions to it by itself, finds the roots for that at `path` of its own
    /// disk. Without this they are where the URL says, on its disk as on ours.
    #[must_use]
    pub fn with_roots_elsewhere(self, path: Option<String>) -> Self {
        Self { roots_elsewhere: path, ..self }
    }

    /// The same server, with this password where the URL has none.
    #[must_use]
    pub fn with_password(mut self, password: Option<&str>) -> Self {
        if let Some(password) = password.filter(|_| self.config.get_password().is_none()) {
            self.config.password(password);
        }
        self
    }

    /// The same server, for sessions of run `run`: a later run finds and ends them by their application name.
    #[must_use]
    pub fn for_run(&self, run: i64) -> Self {
        Self { run, ..self.clone() }
    }

    /// Another database of the same server.
    #[must_use]
    pub fn in_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.config.dbname(name);
        other
    }

    /// Which side this is.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// The host's name or address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
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
        let (client, connection) = bounded(self.side, async {
            let tls = self.connector().await?.driver();
            login.connect(tls).await.map_err(|source| self.login_error(source))
        })
        .await?;
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
        let mut login = self.session_config(purpose);
        // TLS is below what changes the startup message, so the driver neither asks for it nor knows of it.
        login.ssl_mode(SslMode::Disable).channel_binding(ChannelBinding::Disable);
        let (client, connection) = bounded(self.side, async {
            let tls = self.connector().await?;
            let socket = startup::open(&self.host, self.port, &self.tls, tls.config()).await;
            let stream = startup::Replication::new(socket.map_err(|source| self.reach_error(source))?);
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
        let roots = self.tls.roots().map(|path| ("PGSSLROOTCERT", path.display().to_string()));
        let mut all = vec![
            ("PGSSLMODE", self.tls.mode().to_owned()),
            ("PGHOST", self.host.clone()),
            ("PGPORT", self.port.to_string()),
            ("PGDATABASE", self.database().to_owned()),
            ("PGUSER", self.config.get_user().unwrap_or_default().to_owned()),
            ("PGPASSWORD", password.unwrap_or_default()),
            ("PGAPPNAME", self.application_name(purpose)),
            ("PGCONNECT_TIMEOUT", CONNECT_TIMEOUT.as_secs().to_string()),
        ];
        all.extend(roots);
        all
    }

    /// A libpq connection string for another login on this server, as the other server uses it. It holds the password: never log it.
    #[must_use]
    pub fn conninfo(&self, user: &str, password: &str) -> String {
        let value = sql::conninfo_value;
        let here = self.tls.roots().map(Path::to_string_lossy);
        let roots = here.map(|here| self.roots_elsewhere.as_deref().unwrap_or(&here).to_owned());
        let roots = roots.map(|path| format!(" sslrootcert={}", value(&path))).unwrap_or_default();
        format!(
            "host={} port={} dbname={} user={} password={} sslmode={}{roots} connect_timeout={} keepalives_idle=10 keepalives_interval=5 keepalives_count=3",
            value(&self.host),
            self.port,
            value(self.database()),
            value(user),
            value(password),
            self.tls.mode(),
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

    async fn connector(&self) -> Result<rerp_pgtls::Connector, ConnectError> {
        self.tls.connector().await.map_err(|source| ConnectError::Tls { side: self.side, source })
    }

    fn login_error(&self, source: tokio_postgres::Error) -> ConnectError {
        match advice(&source) {
            Some(advice) => ConnectError::Certificate { side: self.side, advice },
            None => ConnectError::Login { side: self.side, source },
        }
    }

    fn reach_error(&self, source: std::io::Error) -> ConnectError {
        match advice(&source) {
            Some(advice) => ConnectError::Certificate { side: self.side, advice },
            None => ConnectError::Reach { side: self.side, source },
        }
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
mod tests;
