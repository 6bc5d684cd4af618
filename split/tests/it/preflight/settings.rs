//! Faults in what a server is set to, on servers that nobody else uses: the fix is run as it is, restarts included.

use super::{clean, names, run_script};
use crate::support::cluster::Cluster;
use crate::world::{LIMIT, World};
use rerp_split::preflight::Check;
use rerp_split::run::look;
use rerp_split::spec::Side;
use rerp_split::status::{Finding, Severity};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// A server that isn't set as it should be.
pub(super) struct Setting {
    pub(super) check: Check,
    pub(super) severity: Severity,
    side: Side,
    /// Statements; `restart` restarts the server.
    seed: &'static str,
    /// The part of the fix that is run; all of it if empty.
    says: &'static str,
}

const fn fatal(check: Check, side: Side, seed: &'static str) -> Setting {
    Setting { check, severity: Severity::Fatal, side, seed, says: "" }
}

const fn warning(check: Check, side: Side, seed: &'static str) -> Setting {
    Setting { severity: Severity::Warning, ..fatal(check, side, seed) }
}

pub(super) const SETTINGS: &[Setting] = &[
    warning(Check::Durability, Side::Source, "ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf()"),
    warning(Check::Durability, Side::Target, "ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf()"),
    fatal(Check::WalLevel, Side::Source, "ALTER SYSTEM SET wal_level = replica; restart"),
    fatal(Check::ReplicationSlots, Side::Source, "ALTER SYSTEM SET max_replication_slots = 0; restart"),
    fatal(Check::WalSenders, Side::Source, "ALTER SYSTEM SET max_wal_senders = 1; restart"),
    fatal(
        Check::SlotWalLimit,
        Side::Source,
        "ALTER SYSTEM SET max_slot_wal_keep_size = '64MB'; SELECT pg_reload_conf()",
    ),
    warning(
        Check::WalSenderTimeout,
        Side::Source,
        "ALTER SYSTEM SET wal_sender_timeout = '5s'; SELECT pg_reload_conf()",
    ),
    warning(
        Check::WalReceiverTimeout,
        Side::Target,
        "ALTER SYSTEM SET wal_receiver_timeout = '5s'; SELECT pg_reload_conf()",
    ),
    Setting {
        says: "ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf()",
        ..fatal(
            Check::SynchronousStandby,
            Side::Source,
            "ALTER SYSTEM SET synchronous_standby_names = 'nobody'; SELECT pg_reload_conf()",
        )
    },
    fatal(Check::Connections, Side::Source, "ALTER SYSTEM SET max_connections = 12; restart"),
    fatal(Check::Connections, Side::Target, "ALTER SYSTEM SET max_connections = 12; restart"),
    fatal(Check::LogicalWorkers, Side::Target, "ALTER SYSTEM SET max_logical_replication_workers = 0; restart"),
    fatal(Check::WorkerProcesses, Side::Target, "ALTER SYSTEM SET max_worker_processes = 1; restart"),
    fatal(Check::ReplicationOrigins, Side::Target, "ALTER SYSTEM SET max_replication_slots = 0; restart"),
    Setting {
        says: "COMMIT PREPARED 'seeded'",
        ..fatal(
            Check::PreparedTransaction,
            Side::Source,
            "BEGIN; INSERT INTO app.parent VALUES (1); PREPARE TRANSACTION 'seeded'",
        )
    },
];

async fn found(world: &World) -> Vec<Finding> {
    look(&world.reader()).await.unwrap().2
}

/// Runs statements on one side.
async fn apply(world: &World, side: Side, script: &str) {
    let place = if side == Side::Source { &world.source } else { &world.target };
    let (statements, restarts) = match script.rsplit_once("; ") {
        Some((statements, "restart" | "then restart")) => (statements, true),
        _ => (script, false),
    };
    run_script(&place.admin().await, statements).await;
    if restarts {
        place.cluster.restart();
    }
}

/// Waits until exactly this is found: a server that was told to read its settings again does so when it comes to it.
async fn until(world: &World, what: &str, expected: &[(&str, Severity)]) -> Vec<Finding> {
    let begun = Instant::now();
    loop {
        let seen = found(world).await;
        if names(&seen) == expected {
            return seen;
        }
        assert!(begun.elapsed() < LIMIT, "{what}: {expected:?} is not found, but {seen:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_setting_is_found_alone_and_its_fix_mends_it() {
    let world = World::between(Arc::new(Cluster::start()), Arc::new(Cluster::start())).await;
    for side in [Side::Source, Side::Target] {
        let durable = "ALTER SYSTEM SET fsync = on; ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf()";
        apply(&world, side, durable).await;
    }
    clean(&world).await;
    until(&world, "a clean pair", &[]).await;
    for setting in SETTINGS {
        apply(&world, setting.side, setting.seed).await;
        let finding = until(&world, setting.seed, &[(setting.check.id(), setting.severity)]).await.remove(0);
        assert!(finding.side == setting.side && finding.fix.contains(setting.says), "{finding:#?}");
        let fix = if setting.says.is_empty() { finding.fix.as_str() } else { setting.says };
        apply(&world, setting.side, fix).await;
        until(&world, fix, &[]).await;
    }
    standby(&world).await;
}

/// Whatever takes the WAL is a standby to the server.
async fn standby(world: &World) {
    let cluster = &world.source.cluster;
    // It takes one of those that the fix above has left.
    apply(world, Side::Source, "ALTER SYSTEM RESET max_wal_senders; restart").await;
    let port = cluster.port().to_string();
    let mut receiver = Command::new(cluster.bin().join("pg_receivewal"));
    receiver.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port, "--synchronous", "--no-loop", "-D"]);
    let mut receiver = receiver.arg(world.path("")).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let finding = until(world, "a standby", &[(Check::AsyncStandby.id(), Severity::Fatal)]).await.remove(0);
    apply(world, Side::Source, &finding.fix).await;
    until(world, &finding.fix, &[]).await;
    let alone = "ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()";
    apply(world, Side::Source, alone).await;
    receiver.kill().unwrap();
    receiver.wait().unwrap();
}
