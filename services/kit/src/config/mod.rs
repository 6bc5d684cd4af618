//! From environment to checked settings. In comes [`Env`]; out go [`Settings`], or every mistake at once.
//! Must not open files or sockets: a setting is checked here, a thing it names is checked by whoever opens it.

mod bus;
mod env;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use bus::BusSettings;
pub use env::{ConfigError, Env, Mistake};

use crate::tls::{Mode, TlsSettings};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line, for machines. The default.
    Json,
    /// For a person at a terminal.
    Text,
}

/// What is the same for every service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the service, `RERP_SERVICE`; by default the name the binary was built with.
    pub service: String,
    /// Name of this pod, `POD_NAME`.
    pub pod: String,
    /// Where requests are served, `RERP_HTTP_ADDR`.
    pub http_addr: SocketAddr,
    /// Where `/livez`, `/readyz` and `/metrics` are served, `RERP_ADMIN_ADDR`.
    pub admin_addr: SocketAddr,
    /// Limits of the HTTP server.
    pub http: HttpSettings,
    /// The service's certificate and whom it lets in; none where no certificate is mounted.
    pub tls: Option<TlsSettings>,
    /// Services that may say who asks, `RERP_ACCESS_SPEAKERS`: names in the own namespace with commas between, `gateway` by default.
    pub speakers: Vec<String>,
    /// Where events go and come from; none where there is no broker.
    pub bus: Option<BusSettings>,
    /// Connections to the database.
    pub pool: PoolSettings,
    /// Directory with the migrating role's bindings, `RERP_MIGRATE_DIR`.
    pub migrate_dir: PathBuf,
    /// How long `migrate` waits for its file and its database, `RERP_MIGRATE_WAIT`.
    pub migrate_wait: Duration,
}

/// Limits of the HTTP server.
#[derive(Debug, Clone, Copy)]
pub struct HttpSettings {
    /// Longest time a request may take; a caller's own deadline can only shorten it. `RERP_REQUEST_TIMEOUT`.
    pub request_timeout: Duration,
    /// Longest time for a request's headers to arrive. `RERP_HEADER_TIMEOUT`.
    pub header_timeout: Duration,
    /// Largest request body in bytes. `RERP_BODY_LIMIT`.
    pub body_limit: usize,
    /// After the signal to stop, how long new connections are still taken while load balancers forget this pod.
    /// `RERP_DRAIN_DELAY`.
    pub drain_delay: Duration,
    /// How long running requests then have to end. `RERP_DRAIN_TIMEOUT`.
    pub drain_timeout: Duration,
    /// Whether answers say what they waited for. Off, since that also tells whether something was known already: for whom
    /// the service measures, not for the public. `RERP_SERVER_TIMING`.
    pub server_timing: bool,
}

/// Connections to the database.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// Directory with the files `current` and, during a split, `next`. `RERP_DATABASE_DIR`.
    pub dir: PathBuf,
    /// What the server shows in `pg_stat_activity.application_name`; at most 63 bytes.
    pub application_name: String,
    /// Connections kept open to each side. `RERP_DATABASE_MIN_CONNECTIONS`.
    pub min_connections: u32,
    /// Most connections to one side. `RERP_DATABASE_MAX_CONNECTIONS`.
    pub max_connections: u32,
    /// How much of a request's time may go into repeating an aborted transaction. `RERP_RETRY_BUDGET`.
    pub retry_budget: Duration,
    /// How often the binding files are read again.
    pub refresh: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            body_limit: 64 * 1024,
            drain_delay: Duration::from_secs(3),
            drain_timeout: Duration::from_secs(15),
            server_timing: false,
        }
    }
}

impl Settings {
    /// Reads what every service needs. `service` is the name the binary was built with.
    /// Mistakes stay in `env` until its `finish`, together with those of the service's own settings.
    pub fn read(env: &mut Env, service: &str) -> Self {
        let service = env.text("RERP_SERVICE").unwrap_or(service).to_owned();
        let pod = env.text("POD_NAME").or(env.text("HOSTNAME")).unwrap_or("local").to_owned();
        Self {
            http_addr: env.parse("RERP_HTTP_ADDR", any_address(8080), "an address such as 0.0.0.0:8080"),
            admin_addr: env.parse("RERP_ADMIN_ADDR", any_address(9090), "an address such as 0.0.0.0:9090"),
            http: http(env),
            tls: tls(env),
            speakers: speakers(env),
            bus: bus::read(env, &service),
            pool: pool(env, &service, &pod),
            migrate_dir: env.text("RERP_MIGRATE_DIR").unwrap_or("/etc/rerp/migrate").into(),
            migrate_wait: env.duration(
                "RERP_MIGRATE_WAIT",
                Duration::from_secs(120),
                Duration::ZERO,
                Duration::from_secs(3600),
            ),
            service,
            pod,
        }
    }
}

/// How logs are to look, `RERP_LOG_FORMAT`. Read before everything else, so that mistakes can be logged.
pub fn log_format(env: &mut Env) -> LogFormat {
    match env.text("RERP_LOG_FORMAT") {
        None | Some("json") => LogFormat::Json,
        Some("text") => LogFormat::Text,
        Some(_) => {
            env.mistake("RERP_LOG_FORMAT", "expected json or text");
            LogFormat::Json
        }
    }
}

/// The name a server shows for our connections: `rerp/<service>/<pod>`, cut to the 63 bytes PostgreSQL keeps.
#[must_use]
pub fn application_name(service: &str, pod: &str) -> String {
    let mut name = format!("rerp/{service}/{pod}");
    name.truncate(name.floor_char_boundary(63));
    name
}

fn any_address(port: u16) -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], port))
}

fn http(env: &mut Env) -> HttpSettings {
    let usual = HttpSettings::default();
    let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
    HttpSettings {
        request_timeout: env.duration("RERP_REQUEST_TIMEOUT", usual.request_timeout, Duration::from_millis(50), hour),
        header_timeout: env.duration("RERP_HEADER_TIMEOUT", usual.header_timeout, second, hour),
        body_limit: env.parse("RERP_BODY_LIMIT", usual.body_limit, "a number of bytes"),
        drain_delay: env.duration("RERP_DRAIN_DELAY", usual.drain_delay, Duration::ZERO, hour),
        drain_timeout: env.duration("RERP_DRAIN_TIMEOUT", usual.drain_timeout, Duration::ZERO, hour),
        server_timing: env.parse("RERP_SERVER_TIMING", usual.server_timing, "true or false"),
    }
}

/// `RERP_TLS_DIR` and `RERP_TLS_MODE`. A mode without a directory is a mistake: it would look protected and not be.
fn tls(env: &mut Env) -> Option<TlsSettings> {
    let mode = match env.text("RERP_TLS_MODE") {
        None | Some("off") => None,
        Some("strict") => Some(Mode::Strict),
        Some("audit") => Some(Mode::Audit),
        Some(_) => {
            env.mistake("RERP_TLS_MODE", "expected strict, audit or off");
            None
        }
    };
    let Some(dir) = env.text("RERP_TLS_DIR").map(PathBuf::from) else {
        if mode.is_some() {
            env.mistake("RERP_TLS_DIR", "not set; RERP_TLS_MODE needs the directory of the certificate");
        }
        return None;
    };
    Some(TlsSettings { dir, mode, refresh: Duration::from_secs(1) })
}

/// `RERP_ACCESS_SPEAKERS`: names as Kubernetes has them.
fn speakers(env: &mut Env) -> Vec<String> {
    let text = env.text("RERP_ACCESS_SPEAKERS").unwrap_or("gateway");
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if names.iter().any(|name| name.is_empty() || !name.bytes().all(plain)) {
        env.mistake("RERP_ACCESS_SPEAKERS", "expected names of services with commas between, such as gateway,traffic");
    }
    names
}

fn pool(env: &mut Env, service: &str, pod: &str) -> PoolSettings {
    let min: u32 = env.parse("RERP_DATABASE_MIN_CONNECTIONS", 2, "a number");
    let max: u32 = env.parse("RERP_DATABASE_MAX_CONNECTIONS", 10, "a number");
    if max == 0 || min > max {
        env.mistake("RERP_DATABASE_MAX_CONNECTIONS", "expected at least 1 and at least RERP_DATABASE_MIN_CONNECTIONS");
    }
    PoolSettings {
        dir: env.text("RERP_DATABASE_DIR").unwrap_or("/etc/rerp/database").into(),
        application_name: application_name(service, pod),
        min_connections: min,
        max_connections: max,
        retry_budget: env.duration(
            "RERP_RETRY_BUDGET",
            Duration::from_millis(1500),
            Duration::from_millis(10),
            Duration::from_secs(60),
        ),
        refresh: Duration::from_secs(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_need_no_variable() {
        let mut env = Env::of([]);
        let settings = Settings::read(&mut env, "identity");
        assert!(env.finish().is_ok());
        assert_eq!(settings.http_addr.port(), 8080);
        assert_eq!(settings.admin_addr.port(), 9090);
        assert_eq!(settings.pool.application_name, "rerp/identity/local");
        assert_eq!(settings.pool.retry_budget, Duration::from_millis(1500));
        assert_eq!(settings.speakers, ["gateway"]);
    }

    #[test]
    fn speakers_are_names() {
        let mut env = Env::of([("RERP_ACCESS_SPEAKERS", "gateway, traffic")]);
        assert_eq!(Settings::read(&mut env, "identity").speakers, ["gateway", "traffic"]);
        assert!(env.finish().is_ok());
        for wrong in ["gateway,", "a/b", "Gateway", "spiffe://rerp.local/ns/rerp/sa/gateway"] {
            let mut env = Env::of([("RERP_ACCESS_SPEAKERS", wrong)]);
            let _ = Settings::read(&mut env, "identity");
            assert!(env.finish().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mode_needs_a_certificate() {
        let mut env = Env::of([("RERP_TLS_MODE", "strict")]);
        assert!(Settings::read(&mut env, "identity").tls.is_none());
        assert!(env.finish().unwrap_err().to_string().contains("RERP_TLS_DIR"));
        let mut env = Env::of([("RERP_TLS_MODE", "strict"), ("RERP_TLS_DIR", "/etc/rerp/tls")]);
        assert_eq!(Settings::read(&mut env, "identity").tls.unwrap().mode, Some(Mode::Strict));
        let mut env = Env::of([("RERP_TLS_MODE", "maybe"), ("RERP_TLS_DIR", "/etc/rerp/tls")]);
        assert_eq!(Settings::read(&mut env, "identity").tls.unwrap().mode, None);
        assert!(env.finish().is_err());
    }

    #[test]
    fn names_are_cut_where_postgres_cuts_them() {
        let name = application_name("marketing", &"ü".repeat(60));
        assert!(name.len() <= 63 && name.starts_with("rerp/marketing/ü"));
    }

    #[test]
    fn a_pool_can_not_be_empty() {
        let mut env = Env::of([("RERP_DATABASE_MAX_CONNECTIONS", "0"), ("RERP_LOG_FORMAT", "xml")]);
        let _ = Settings::read(&mut env, "identity");
        let _ = log_format(&mut env);
        assert_eq!(env.finish().unwrap_err().0.len(), 2);
    }
}
