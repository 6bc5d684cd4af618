//! Two sides with a schema full of what real ones have, and the `rerp-split` binary as a person or a cluster starts it.
//!
//! In: the servers of `support`. Out: a `World` whose source is filled, whose target is as the operator would make it.
#![allow(dead_code, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod keys;
pub mod schema;
mod worker;

pub use worker::Worker;

use super::support::cluster::{self, Cluster};
use super::support::ledger::TABLES;
use super::support::side::{self, SCHEMA, unique};
use rerp_split::connect::Endpoint;
use rerp_split::spec::{
    AcrossDomains, CleanupSpec, CopySpec, EvidenceSpec, ForeignKeySpec, ReplicationSpec, Side, Spec, VerificationSpec,
};
use rerp_split::status::Status;
use rerp_split::step::Job;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_postgres::Client;

/// How long any migration of a test may take.
pub const LIMIT: Duration = Duration::from_secs(180);

/// One migration between two databases of its own.
pub struct World {
    pub migration: String,
    pub source: side::Side,
    pub target: side::Side,
    tables: Option<Vec<String>>,
    copy: CopySpec,
    replication: ReplicationSpec,
    foreign_keys: ForeignKeySpec,
    evidence: EvidenceSpec,
    verification: VerificationSpec,
    way_back: bool,
    cleanup: CleanupSpec,
    dir: TempDir,
}

impl World {
    /// Two sides, the source with tables and rows.
    pub async fn new(rows: u32) -> Self {
        Self::empty().await.filled(rows).await
    }

    /// Makes and fills the tables.
    pub async fn filled(self, rows: u32) -> Self {
        let migrate = self.source.migrate().await;
        migrate.batch_execute(TABLES).await.unwrap();
        migrate.batch_execute(schema::TRICKY).await.unwrap();
        migrate.batch_execute(&schema::fill(rows)).await.unwrap();
        self
    }

    /// As `new`, but only these tables move.
    pub async fn some(rows: u32, tables: &[&str]) -> Self {
        let mut world = Self::new(rows).await;
        world.tables = Some(tables.iter().map(|&table| table.to_owned()).collect());
        world.write_spec();
        world
    }

    /// The same, copied in this way.
    pub fn copied(mut self, copy: CopySpec) -> Self {
        self.copy = copy;
        self.write_spec();
        self
    }

    /// The same; slots may keep so much WAL.
    pub fn keeping(mut self, max_retained_wal_bytes: u64) -> Self {
        self.replication.max_retained_wal_bytes = Some(max_retained_wal_bytes);
        self.write_spec();
        self
    }

    /// The same, with foreign keys to staying tables severed.
    pub fn severed(mut self, waive_orphans: bool) -> Self {
        self.foreign_keys = ForeignKeySpec { across_domains: AcrossDomains::Sever, waive_orphans };
        self.write_spec();
        self
    }

    /// The same, with another answer to others that use the tables.
    pub fn with_evidence(mut self, evidence: EvidenceSpec) -> Self {
        self.evidence = evidence;
        self.write_spec();
        self
    }

    /// The same, compared in this way.
    pub fn compared(mut self, verification: VerificationSpec) -> Self {
        self.verification = verification;
        self.write_spec();
        self
    }

    /// The same, with a way back: the other tests do without, for its slot waits for everybody's transactions on the target.
    pub fn with_way_back(mut self) -> Self {
        self.way_back = true;
        self.write_spec();
        self
    }

    /// The same, with this to become of the old tables.
    pub fn cleaned(mut self, cleanup: CleanupSpec) -> Self {
        self.cleanup = cleanup;
        self.write_spec();
        self
    }

    /// Two sides without tables.
    pub async fn empty() -> Self {
        let (from, to) = cluster::shared();
        Self::between(from, to).await
    }

    /// Two sides without tables on servers of their own.
    pub async fn between(from: Arc<Cluster>, to: Arc<Cluster>) -> Self {
        let id = unique("w");
        let source = side::Side::create(from, &format!("src_{id}")).await;
        let target = side::Side::create(to, &format!("dst_{id}")).await;
        let world = Self {
            migration: id,
            source,
            target,
            tables: None,
            copy: CopySpec::default(),
            replication: ReplicationSpec::default(),
            foreign_keys: ForeignKeySpec::default(),
            evidence: EvidenceSpec::default(),
            verification: VerificationSpec::default(),
            way_back: false,
            cleanup: CleanupSpec::default(),
            dir: tempfile::tempdir().unwrap(),
        };
        world.write_spec();
        std::fs::write(world.path("source"), world.source.url()).unwrap();
        std::fs::write(world.path("target"), world.target.url()).unwrap();
        world
    }

    fn write_spec(&self) {
        std::fs::write(self.path("spec.json"), serde_json::to_string(&self.spec()).unwrap()).unwrap();
    }

    pub fn spec(&self) -> Spec {
        Spec {
            migration: self.migration.clone(),
            source: self.source.spec(),
            target: self.target.spec(),
            tables: self.tables.clone(),
            max_write_pause_ms: 1000,
            cutover_budget_s: 60,
            copy: self.copy.clone(),
            replication: self.replication,
            foreign_keys: self.foreign_keys,
            evidence: self.evidence,
            verification: self.verification,
            way_back: self.way_back,
            cleanup: self.cleanup.clone(),
        }
    }

    /// The `pg_dump` of the source's own version.
    pub fn pg_dump(&self) -> std::path::PathBuf {
        self.source.cluster.bin().join("pg_dump")
    }

    /// The migration in this process, without a run: for what only reads.
    pub fn reader(&self) -> Job {
        let endpoint = |side: Side, url: &str| Endpoint::parse(side, url, &self.migration).unwrap();
        Job {
            spec: self.spec(),
            source: endpoint(Side::Source, &self.source.url()),
            target: endpoint(Side::Target, &self.target.url()),
            run: 0,
            pg_dump: self.pg_dump(),
        }
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// The command with both sides given.
    pub fn command(&self, command: &str) -> Command {
        let mut process = Command::new(env!("CARGO_BIN_EXE_rerp-split"));
        process.arg(command).env("RERP_SOURCE_URL", self.source.url()).env("RERP_TARGET_URL", self.target.url());
        process.arg("--spec").arg(self.path("spec.json"));
        process.env("RERP_PG_DUMP", self.pg_dump());
        process.env("RUST_LOG", "rerp_split=info").stdin(Stdio::null());
        process
    }

    /// Runs a command to its end, off the async threads.
    pub async fn run(&self, command: &str, more: &[&str]) -> Output {
        let mut process = self.command(command);
        process.args(more);
        tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap()
    }

    /// Runs a command that must succeed; returns what it printed.
    pub async fn succeeds(&self, command: &str, more: &[&str]) -> String {
        let output = self.run(command, more).await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{command} {more:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    /// Starts a worker; it is killed when dropped.
    pub fn worker(&self) -> Worker {
        self.worker_with("worker.log", &[])
    }

    /// Starts a worker with more in its environment, which logs to `log` in the folder of this world.
    pub fn worker_with(&self, log: &str, env: &[(&str, String)]) -> Worker {
        let path = self.path(log);
        let file = std::fs::File::options().create(true).append(true).open(&path).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_rerp-split"));
        process.arg("worker").arg("--dir").arg(self.dir.path()).args(["--admin", "127.0.0.1:0"]);
        process.env("RERP_PG_DUMP", self.pg_dump()).envs(env.iter().map(|(name, value)| (name, value)));
        process
            .env("NO_COLOR", "1")
            .env("RUST_LOG", "rerp_split=info,rerp_split::fence=debug")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        Worker { child: process.spawn().unwrap(), log: path }
    }

    /// What the workers have logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("worker.log")).unwrap_or_default()
    }

    /// The status as the operator reads it.
    pub async fn status(&self, client: &Client) -> Option<Status> {
        rerp_split::journal::read_status(client, &self.migration).await.unwrap()
    }

    /// Every row of every table of the schema as text, both sides in the same order.
    pub async fn contents(&self) -> (Vec<String>, Vec<String>) {
        (contents(&self.source.admin().await).await, contents(&self.target.admin().await).await)
    }
}

async fn contents(client: &Client) -> Vec<String> {
    let tables = client
        .query(
            "SELECT relname::text FROM pg_class WHERE relnamespace = $1::text::regnamespace AND relkind = 'r'",
            &[&SCHEMA],
        )
        .await
        .unwrap();
    let mut lines = Vec::new();
    for row in tables {
        let table: String = row.get(0);
        let select = format!("SELECT t::text FROM {SCHEMA}.\"{table}\" t");
        let rows = client.query(&select, &[]).await.unwrap();
        lines.extend(rows.iter().map(|row| format!("{table} {}", row.get::<_, String>(0))));
    }
    lines.sort();
    lines
}

/// Everything in a database's catalogs that a migration could leave behind, as text to compare.
pub async fn catalog(client: &Client) -> Vec<String> {
    let rows = client.query(schema::CATALOG, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
