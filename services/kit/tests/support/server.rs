//! One PostgreSQL server on loopback, gone with the test. Picks the newest installed version, or that of `RERP_PG_BIN`.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tempfile::TempDir;

const PASSWORD: &str = "of-the-test";
/// Quick rather than safe against a power cut; a killed server still recovers.
const SETTINGS: [&str; 7] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "max_connections=150",
    "shared_buffers=32MB",
    "log_min_messages=fatal",
];

/// Where in the data directory the process complains.
const LOG: &str = "stderr.log";
/// Ports that are tried.
const ATTEMPTS: usize = 5;

pub struct Server {
    data: TempDir,
    _template: Arc<TempDir>,
    port: u16,
    process: Option<Child>,
}

impl Server {
    pub fn start() -> Self {
        let data = tempfile::Builder::new().prefix("rerp-kit-pg-").tempdir().unwrap();
        let template = template();
        let copied = Command::new("cp").arg("-a").arg(template.path().join(".")).arg(data.path()).status().unwrap();
        assert!(copied.success());
        let mut server = Self { data, _template: template, port: 0, process: None };
        // A port that is free now may be somebody's connection a moment later.
        for _ in 0..ATTEMPTS {
            server.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if server.comes_up() {
                return server;
            }
        }
        panic!("PostgreSQL doesn't start: {}", server.said());
    }

    pub fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts the process again and waits until it takes connections.
    pub fn boot(&mut self) {
        assert!(self.comes_up(), "PostgreSQL doesn't start: {}", self.said());
    }

    /// Starts the process. False when it ends instead of taking connections.
    fn comes_up(&mut self) -> bool {
        let mut command = as_postgres();
        command.arg(bin("postgres")).arg("-D").arg(self.data.path()).arg("-p").arg(self.port.to_string());
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        let log = std::fs::File::create(self.data.path().join(LOG)).unwrap();
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let pid = self.data.path().join("postmaster.pid");
        let began = Instant::now();
        while !std::fs::read_to_string(&pid).unwrap_or_default().contains("ready") {
            if process.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "PostgreSQL isn't ready: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.process = Some(process);
        true
    }

    /// What the process has complained about.
    fn said(&self) -> String {
        std::fs::read_to_string(self.data.path().join(LOG)).unwrap_or_default()
    }

    /// Ends the process: `INT` drops connections and stops, `QUIT` is a crash that has to be recovered from.
    pub fn stop(&mut self, signal: &str) {
        let Some(mut process) = self.process.take() else { return };
        let _ = Command::new("kill").arg(format!("-{signal}")).arg(process.id().to_string()).status();
        let _ = process.wait();
        let _ = std::fs::remove_file(self.data.path().join("postmaster.pid"));
    }

    pub fn uri(&self, user: &str, password: &str, database: &str, schema: &str) -> String {
        format!("postgresql://{user}:{password}@127.0.0.1:{}/{database}?options=-csearch_path%3D{schema}", self.port)
    }

    /// A connection of the superuser.
    pub async fn admin(&self, database: &str) -> PgConnection {
        let uri = self.uri("postgres", PASSWORD, database, "public");
        PgConnectOptions::from_str(&uri).unwrap().disable_statement_logging().connect().await.unwrap()
    }

    /// Runs statements as the superuser.
    pub async fn execute(&self, database: &str, sql: &str) {
        let mut admin = self.admin(database).await;
        admin.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))).await.unwrap();
        admin.close().await.unwrap();
    }

    /// One number, asked as the superuser.
    pub async fn number(&self, database: &str, sql: &str) -> i64 {
        let mut admin = self.admin(database).await;
        let number = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        number
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop("QUIT");
    }
}

/// Runs as `postgres`, which the server insists on, and ends with the thread that started it, however that ends.
fn as_postgres() -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig", "QUIT", "--"]);
    command
}

fn bin(program: &str) -> PathBuf {
    let dir = std::env::var_os("RERP_PG_BIN").map(PathBuf::from).unwrap_or_else(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
        let newest = versions.filter_map(|entry| {
            Some((entry.as_ref().ok()?.file_name().to_str()?.parse::<u32>().ok()?, entry.ok()?.path()))
        });
        newest.max().expect("a version of PostgreSQL").1.join("bin")
    });
    dir.join(program)
}

/// A fresh data directory, shared by the servers that run at the same time and gone with the last of them.
fn template() -> Arc<TempDir> {
    static SHARED: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(template) = shared.upgrade() {
        return template;
    }
    let template = Arc::new(tempfile::Builder::new().prefix("rerp-kit-pgtemplate-").tempdir().unwrap());
    *shared = Arc::downgrade(&template);
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&password, PASSWORD).unwrap();
    let owned =
        Command::new("chown").arg("postgres:postgres").args([template.path(), password.path()]).status().unwrap();
    assert!(owned.success());
    let mut command = as_postgres();
    command.arg(bin("initdb")).arg("-D").arg(template.path()).arg(format!("--pwfile={}", password.path().display()));
    command.args(["-U", "postgres", "--auth=scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]);
    let made = command.stdout(Stdio::null()).status().unwrap();
    assert!(made.success());
    template
}
