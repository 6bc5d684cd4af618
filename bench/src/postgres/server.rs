//! One server, gone with its owner. In: where its programs are. Out: databases with the roles and rights that the operator makes, a service's
//! schema migrated into them by the service's own program, and what `psql` answers.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{fs, io};

use rustix::process::Signal;
use tempfile::TempDir;

use super::PostgresError;
use crate::process::{Process, free_address};

/// Of every role that logs in. The server listens on loopback, for as long as the benchmark runs.
const PASSWORD: &str = "of-the-benchmark";
/// The schema of every database, as in a platform; roles are those of `bench/sql/roles.sql`.
pub(crate) const SCHEMA: &str = "svc";
/// Time it has until it answers.
const STARTING: Duration = Duration::from_secs(60);
const ROLES: &str = include_str!("../../sql/roles.sql");
const DATABASE: &str = include_str!("../../sql/database.sql");
/// Durable, and quiet while something is measured.
const SETTINGS: [&str; 11] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=150",
    "shared_buffers=512MB",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "max_wal_size=8GB",
    "checkpoint_timeout=1h",
    "autovacuum=off",
    "log_min_messages=warning",
];

/// What a side of a split needs, and as many processes as the engine's copy has workers for everybody.
const REPLICATING: [&str; 9] = [
    "wal_level=logical",
    "max_wal_senders=20",
    "max_replication_slots=20",
    "max_worker_processes=24",
    "max_logical_replication_workers=12",
    "max_sync_workers_per_subscription=4",
    "wal_retrieve_retry_interval=200ms",
    "maintenance_work_mem=256MB",
    "jit=off",
];

/// See the file's header.
pub(crate) struct Server {
    /// First, so that it has ended when its files go.
    process: Process,
    dir: TempDir,
    bin: PathBuf,
    at: SocketAddr,
}

impl Server {
    /// Starts one with these programs, or with the newest of this machine.
    pub(crate) fn start(bin: Option<&Path>) -> Result<Self, PostgresError> {
        Self::start_with(bin, &[])
    }

    /// The same for one that streams its changes to another, and takes another one's.
    pub(crate) fn start_replicating(bin: Option<&Path>) -> Result<Self, PostgresError> {
        Self::start_with(bin, &REPLICATING)
    }

    fn start_with(bin: Option<&Path>, more: &[&str]) -> Result<Self, PostgresError> {
        let bin = bin.map(Path::to_path_buf).or_else(newest).ok_or(PostgresError::Missing)?;
        let dir = tempfile::Builder::new()
            .prefix("rerp-bench-")
            .tempdir()
            .map_err(|source| files(Path::new("/tmp"), source))?;
        let (data, password) = (dir.path().join("data"), dir.path().join("password"));
        fs::write(&password, PASSWORD).map_err(|source| files(&password, source))?;
        fs::create_dir(&data).map_err(|source| files(&data, source))?;
        // The server insists on not being root; its files are below a folder that only we made.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(dir.path(), open).map_err(|source| files(dir.path(), source))?;
        if is_root() {
            finish(Command::new("chown").arg("postgres:postgres").args([&data, &password]))?;
        }
        let mut initdb = as_postgres(&bin.join("initdb"));
        initdb.arg("-D").arg(&data).arg(format!("--pwfile={}", password.display()));
        finish(initdb.args(["-U", "postgres", "--auth=scram-sha-256", "-E", "UTF8", "--locale=C"]))?;
        let at = free_address()?;
        let mut postgres = as_postgres(&bin.join("postgres"));
        postgres.arg("-D").arg(&data).arg("-p").arg(at.port().to_string());
        for setting in SETTINGS.iter().chain(more) {
            postgres.arg("-c").arg(setting);
        }
        let mut process = Process::start("postgres", postgres, dir.path())?.stopped_by(Signal::INT);
        process.wait_for(at)?;
        wait_until_ready(&mut process, at, &data)?;
        let server = Self { process, dir, bin, at };
        server.ask("postgres", ROLES)?;
        Ok(server)
    }

    /// Makes a database and brings a service's schema into it, by that service's own program.
    pub(crate) fn migrated(&self, database: &str, service: &Path) -> Result<(), PostgresError> {
        self.ask("postgres", &format!("CREATE DATABASE {database}"))?;
        self.schema(database)?;
        let dir = self.binding(&format!("{database}-migrate"), &self.url("svc_migrate_a", database))?;
        let mut migrate = Command::new(service);
        migrate.arg("migrate").env_clear().env("RERP_MIGRATE_DIR", dir).env("RERP_LOG_FORMAT", "text");
        finish(&mut migrate).map(drop)
    }

    /// The schema of a service in a database, with rights and without tables.
    pub(crate) fn schema(&self, database: &str) -> Result<(), PostgresError> {
        self.ask(database, DATABASE).map(drop)
    }

    /// A folder with the file `current`, as services read it.
    pub(crate) fn binding(&self, name: &str, url: &str) -> Result<PathBuf, PostgresError> {
        let dir = self.dir.path().join(name);
        fs::create_dir_all(&dir)
            .and_then(|()| fs::write(dir.join("current"), url))
            .map_err(|source| files(&dir, source))?;
        Ok(dir)
    }

    /// The address that a service gets for a database.
    pub(crate) fn app_url(&self, database: &str) -> String {
        self.url("svc_app_a", database)
    }

    /// The superuser's address of a database, for programs that bring their own settings.
    pub(crate) fn admin_url(&self, database: &str) -> String {
        format!("postgresql://postgres:{PASSWORD}@{}/{database}?sslmode=disable", self.at)
    }

    /// The same in the form that subscriptions take.
    pub(crate) fn conninfo(&self, database: &str) -> String {
        let (host, port) = (self.at.ip(), self.at.port());
        format!("host={host} port={port} dbname={database} user=postgres password={PASSWORD}")
    }

    /// The number of the process that all of its processes come from.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Where a program of this version is.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    fn url(&self, user: &str, database: &str) -> String {
        format!("postgresql://{user}:{PASSWORD}@{}/{database}?options=-csearch_path%3D{SCHEMA}", self.at)
    }

    /// Runs statements as the superuser, whom no policy binds. Out: values without headings, a row a line.
    pub(crate) fn ask(&self, database: &str, sql: &str) -> Result<String, PostgresError> {
        self.ask_as("postgres", database, sql)
    }

    /// The same as another role.
    pub(crate) fn ask_as(&self, user: &str, database: &str, sql: &str) -> Result<String, PostgresError> {
        let mut psql = self.client("psql", user);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]);
        let output = finish(&mut psql)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Writes to disk what is waiting to be written, and tidies tables up: nobody is measured with what another one left to do.
    pub(crate) fn settle(&self, database: &str) -> Result<(), PostgresError> {
        // Neither runs in a transaction, nor beside another statement in one message.
        self.ask(database, "VACUUM (ANALYZE)")?;
        self.ask(database, "CHECKPOINT").map(drop)
    }

    /// One of the clients, set up for this server and a role.
    pub(crate) fn client(&self, program: &str, user: &str) -> Command {
        let mut client = Command::new(self.bin.join(program));
        client.env("PGHOST", "127.0.0.1").env("PGPORT", self.at.port().to_string());
        client.env("PGUSER", user).env("PGPASSWORD", PASSWORD).env("PGOPTIONS", format!("-csearch_path={SCHEMA}"));
        client
    }

    /// What it is, and on what kind of file system.
    pub(crate) fn description(&self) -> Result<String, PostgresError> {
        let version = self.ask("postgres", "SHOW server_version")?;
        let kind = finish(Command::new("stat").args(["-f", "-c", "%T"]).arg(self.dir.path()))?;
        Ok(format!("PostgreSQL {version} on {}", String::from_utf8_lossy(&kind.stdout).trim()))
    }

    /// A place for files of the benchmark.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// It listens before it can answer; this file says when it can.
fn wait_until_ready(process: &mut Process, at: SocketAddr, data: &Path) -> Result<(), PostgresError> {
    let (file, until) = (data.join("postmaster.pid"), Instant::now() + STARTING);
    while !fs::read_to_string(&file).unwrap_or_default().contains("ready") {
        process.check()?;
        if Instant::now() > until {
            return Err(process.silent(at).into());
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Runs a command to its end.
pub(super) fn finish(command: &mut Command) -> Result<Output, PostgresError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|source| PostgresError::Start { program: program.clone(), source })?;
    if output.status.success() {
        return Ok(output);
    }
    let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned();
    Err(PostgresError::Failed { program, status: output.status, words })
}

fn files(path: &Path, source: io::Error) -> PostgresError {
    PostgresError::Files { path: path.to_path_buf(), source }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program of the server, as the user that the server insists on, ended with the thread that starts it.
fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    command.args(["--pdeathsig", "QUIT", "--"]).arg(program);
    command
}

/// The newest server of Debian's packages.
fn newest() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let versions = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let bins = versions.map(|(version, path)| (version, path.join("bin")));
    bins.filter(|(_, bin)| bin.join("postgres").exists() && bin.join("pgbench").exists()).max().map(|(_, bin)| bin)
}
