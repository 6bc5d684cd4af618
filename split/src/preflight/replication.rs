//! What logical replication needs of the side that streams, and of the side that is streamed to.

use super::{Check, Findings};
use crate::inspect::{Inventory, Server};
use crate::spec::Side;

/// A transaction that has written and is older than this many seconds would keep a new slot waiting.
const OLD_WRITER_S: i64 = 120;
/// Below this, a stream is cut off while a large transaction is decoded (milliseconds).
const TIMEOUT_MS: i64 = 10_000;
/// Below this much WAL the slot is likely to be invalidated during the copy (megabytes).
const MIN_SLOT_WAL_MB: i64 = 1024;

/// What a side needs to be streamed from.
pub(super) fn publisher(findings: &mut Findings, inventory: &Inventory) {
    let (server, side) = (&inventory.server, inventory.side);
    if server.setting("wal_level") != "logical" {
        let message = format!("wal_level is {}: changes can't be decoded", server.setting("wal_level"));
        findings.fatal(
            Check::WalLevel,
            side,
            "wal_level",
            message,
            "ALTER SYSTEM SET wal_level = logical; then restart",
        );
    }
    headroom(findings, side, (Check::ReplicationSlots, "max_replication_slots"), server, server.slots_used, 1);
    headroom(findings, side, (Check::WalSenders, "max_wal_senders"), server, server.senders_used, 2);
    slot_limits(findings, inventory);
    if server.settings.get("output_plugin_libraries").is_some_and(|list| !list.contains("pgoutput")) {
        findings.fatal(
            Check::OutputPlugin,
            side,
            "output_plugin_libraries",
            "pgoutput isn't among the output plugins that the server allows",
            "ALTER SYSTEM SET output_plugin_libraries = 'pgoutput'; SELECT pg_reload_conf()",
        );
    }
    if server.number("wal_sender_timeout").is_some_and(|ms| ms > 0 && ms < TIMEOUT_MS) {
        findings.warn(
            Check::WalSenderTimeout,
            side,
            "wal_sender_timeout",
            "so short a timeout cuts the stream off while a large transaction is decoded",
            "ALTER SYSTEM SET wal_sender_timeout = '60s'; SELECT pg_reload_conf()",
        );
    }
}

fn slot_limits(findings: &mut Findings, inventory: &Inventory) {
    let (server, side) = (&inventory.server, inventory.side);
    if server.number("idle_replication_slot_timeout").is_some_and(|seconds| seconds > 0) {
        findings.fatal(
            Check::IdleSlotTimeout,
            side,
            "idle_replication_slot_timeout",
            "a slot is idle while rows are copied, or nothing is written: the server would invalidate it",
            "ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf()",
        );
    }
    let needed = i64::try_from(inventory.bytes() >> 20).unwrap_or(i64::MAX).max(MIN_SLOT_WAL_MB);
    if server.number("max_slot_wal_keep_size").is_some_and(|mb| (0..needed).contains(&mb)) {
        findings.fatal(
            Check::SlotWalLimit,
            side,
            "max_slot_wal_keep_size",
            "what is written while nobody reads from the slot may exceed this: the server would invalidate it",
            format!("ALTER SYSTEM SET max_slot_wal_keep_size = '{needed}MB'; SELECT pg_reload_conf()"),
        );
    }
}

/// What a new slot on the source would wait for.
pub(super) fn transactions(findings: &mut Findings, server: &Server) {
    for gid in &server.prepared {
        findings.fatal(
            Check::PreparedTransaction,
            Side::Source,
            gid,
            "a prepared transaction keeps a new slot, and the fence, waiting for ever",
            format!("COMMIT PREPARED {0}; or ROLLBACK PREPARED {0}", crate::sql::literal(gid)),
        );
    }
    for old in server.old_transactions.iter().filter(|old| old.writes && old.seconds > OLD_WRITER_S) {
        findings.fatal(
            Check::OldTransaction,
            Side::Source,
            format!("backend {} of {}", old.pid, old.login),
            format!("has written and been open for {} s: a new slot must wait for it", old.seconds),
            format!("SELECT pg_terminate_backend({})", old.pid),
        );
    }
}

/// What a side needs to subscribe.
pub(super) fn subscriber(findings: &mut Findings, inventory: &Inventory) {
    let (server, side) = (&inventory.server, inventory.side);
    let workers = (Check::LogicalWorkers, "max_logical_replication_workers");
    headroom(findings, side, workers, server, server.workers_used, 1);
    // The launcher takes one process, the apply worker another.
    headroom(findings, side, (Check::WorkerProcesses, "max_worker_processes"), server, server.workers_used + 1, 1);
    let origins = if server.settings.contains_key("max_active_replication_origins") {
        "max_active_replication_origins"
    } else {
        "max_replication_slots"
    };
    headroom(findings, side, (Check::ReplicationOrigins, origins), server, server.origins_used, 1);
    if server.number("wal_receiver_timeout").is_some_and(|ms| ms > 0 && ms < TIMEOUT_MS) {
        findings.warn(
            Check::WalReceiverTimeout,
            side,
            "wal_receiver_timeout",
            "so short a timeout cuts the stream off while the source decodes a large transaction",
            "ALTER SYSTEM SET wal_receiver_timeout = '60s'; SELECT pg_reload_conf()",
        );
    }
}

fn headroom(
    findings: &mut Findings,
    side: Side,
    (check, setting): (Check, &str),
    server: &Server,
    used: i64,
    needed: i64,
) {
    let Some(limit) = server.number(setting) else { return };
    if limit - used < needed {
        findings.fatal(
            check,
            side,
            setting,
            format!("{used} of {limit} are in use, {needed} more needed: the stream would wait for ever"),
            format!("ALTER SYSTEM SET {setting} = {}; then restart", used + needed),
        );
    }
}
