//! Real PostgreSQL servers for tests: own data directory, free loopback port, gone with the process that started them.
//!
//! In: the newest of [`installed`], or the one that `$RERP_PG_MAJOR` picks. Out: a running server with `wal_level = logical`.
//! It writes only below the system's temporary directory and signals only the process it started.

// Other crates take this file alone.
#[path = "installed.rs"]
pub mod installed;
#[path = "room.rs"]
pub mod room;

use installed::installed;
use room::{Disk, as_postgres, free_port, log_of, new_dir, run};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Config, NoTls};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Quick rather than durable against power loss; a killed server still loses what it had not handed to the kernel.
const SETTINGS: &[&str] = &[
    "wal_level=logical",
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=250",
    "shared_buffers=64MB",
    "max_wal_senders=40",
    "max_replication_slots=40",
    "max_prepared_transactions=20",
    "max_worker_processes=48",
    "max_logical_replication_workers=32",
    "max_sync_workers_per_subscription=4",
    "wal_retrieve_retry_interval=200ms",
    "max_wal_size=2GB",
    "jit=off",
    "timezone=UTC",
    "log_min_messages=warning",
];

/// One running server.
pub struct Cluster {
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    server: Mutex<Option<Server>>,
    /// Goes after everything else has.
    disk: Option<Disk>,
}

struct Server {
    stop: Sender<&'static str>,
    thread: JoinHandle<()>,
}

impl Cluster {
    /// Starts a server of the version that `$RERP_PG_MAJOR` names, or of the newest one.
    pub fn start() -> Self {
        let found = installed();
        let wanted = std::env::var("RERP_PG_MAJOR").ok().and_then(|text| text.parse::<u32>().ok());
        let (_, bin) = found
            .iter()
            .rev()
            .find(|(major, _)| wanted.is_none_or(|wanted| wanted == *major))
            .unwrap_or_else(|| panic!("no PostgreSQL {wanted:?} among {found:?}"));
        Self::start_from(bin)
    }

    /// Starts a server from the binaries in `bin`.
    pub fn start_from(bin: &Path) -> Self {
        Self::start_in(bin, new_dir(), None)
    }

    /// The same on a file system of its own, which can be full; on the common one where none may be mounted.
    pub fn start_on_own_disk(bin: &Path) -> Self {
        let dir = new_dir();
        let disk = Disk::mount(&dir);
        Self::start_in(bin, dir, disk)
    }

    fn start_in(bin: &Path, dir: PathBuf, disk: Option<Disk>) -> Self {
        run(as_postgres(&bin.join("initdb")).arg("-D").arg(&dir).args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]));
        configure(&dir);
        let cluster = Self { bin: bin.to_owned(), dir, port: free_port(), server: Mutex::new(None), disk };
        cluster.boot();
        cluster
    }

    /// What the server has said since it was last started.
    pub fn log(&self) -> PathBuf {
        log_of(&self.dir)
    }

    /// The file system that is this server's alone, if there is one.
    pub fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where `pg_dump` and the others of this version are.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// Connection URL of the superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Connection settings of `user`.
    pub fn config(&self, user: &str, database: &str) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user(user).dbname(database);
        config.connect_timeout(Duration::from_secs(10));
        config
    }

    /// A superuser connection.
    pub async fn client(&self, database: &str) -> Client {
        connect(&self.config("postgres", database)).await
    }

    /// Ends the server as a crash would (`SIGKILL` to the postmaster) and waits until its process is gone.
    pub fn crash(&self) {
        self.end("-KILL");
    }

    /// Stops the server as an administrator does, and starts it again on the same port and data.
    pub fn restart(&self) {
        self.end("-INT");
        self.boot();
    }

    /// Starts the server again on the same port and data; a no-op while it runs.
    pub fn boot(&self) {
        let mut running = self.server.lock().unwrap();
        if running.is_some() {
            return;
        }
        let begun = Instant::now();
        loop {
            let server = Server::spawn(&self.bin, &self.dir, self.port);
            if server.ready(&self.dir) {
                *running = Some(server);
                return;
            }
            // After a crash the old backends hold the shared memory for a moment.
            server.end("-QUIT");
            let log = fs::read_to_string(log_of(&self.dir)).unwrap_or_default();
            assert!(begun.elapsed() < START_LIMIT, "PostgreSQL does not start:\n{log}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn end(&self, signal: &'static str) {
        let running = self.server.lock().unwrap().take();
        if let Some(server) = running {
            server.end(signal);
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end("-QUIT");
        let _ = fs::remove_dir_all(&self.dir);
        let _ = fs::remove_file(log_of(&self.dir));
    }
}

impl Server {
    /// The parent-death signal follows the thread that spawned the child, so the thread lives as long as the server.
    fn spawn(bin: &Path, dir: &Path, port: u16) -> Self {
        let _ = fs::remove_file(dir.join("postmaster.pid"));
        let log = File::create(log_of(dir)).unwrap();
        let mut command = as_postgres(&bin.join("postgres"));
        command.arg("-D").arg(dir).args(["-p", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let child = command.spawn().expect("start postgres");
            attend(child, &stopped);
        });
        Self { stop, thread }
    }

    fn ready(&self, dir: &Path) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < START_LIMIT && !self.thread.is_finished() {
            let pid = fs::read_to_string(dir.join("postmaster.pid")).unwrap_or_default();
            if pid.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    fn end(self, signal: &'static str) {
        let _ = self.stop.send(signal);
        let _ = self.thread.join();
    }
}

/// Waits for the order to end the child, or for its own end.
fn attend(mut child: Child, stopped: &Receiver<&'static str>) {
    use std::sync::mpsc::RecvTimeoutError::Timeout;
    let signal = loop {
        match stopped.recv_timeout(Duration::from_millis(50)) {
            Err(Timeout) if matches!(child.try_wait(), Ok(None)) => {}
            Err(Timeout) => return,
            Ok(signal) => break signal,
            Err(_) => break "-QUIT",
        }
    };
    let _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
    let begun = Instant::now();
    while begun.elapsed() < STOP_LIMIT && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Two servers that all tests of one binary share; each test makes its own databases on them.
pub fn shared() -> (Arc<Cluster>, Arc<Cluster>) {
    static PAIR: OnceLock<(Arc<Cluster>, Arc<Cluster>)> = OnceLock::new();
    PAIR.get_or_init(|| (Arc::new(Cluster::start()), Arc::new(Cluster::start()))).clone()
}

/// A connection whose driver runs in the background and ends with the client.
pub async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap_or_else(|e| panic!("connect {config:?}: {e:?}"));
    tokio::spawn(connection);
    client
}

/// In the file, where `ALTER SYSTEM` outranks it.
fn configure(dir: &Path) {
    let mut file = File::options().append(true).open(dir.join("postgresql.conf")).unwrap();
    for setting in SETTINGS {
        let (name, value) = setting.split_once('=').unwrap();
        writeln!(file, "{name} = '{value}'").unwrap();
    }
}
