//! Version, settings, headroom, other sessions: what holds for a server whatever moves.

use super::{Check, Findings};
use crate::inspect::{Inventory, Server};
use crate::spec::Side;

/// Oldest and newest major version that this engine was made for.
const MAJORS: std::ops::RangeInclusive<u32> = 15..=18;
/// A transaction that has written and is older than this many seconds would keep a new slot waiting.
const OLD_WRITER_S: i64 = 120;
/// Below this, a walsender that decodes a large transaction is cut off (milliseconds).
const SENDER_TIMEOUT_MS: i64 = 10_000;
/// Below this much WAL the slot is likely to be invalidated during the copy (megabytes).
const MIN_SLOT_WAL_MB: i64 = 1024;

/// What concerns both sides, or the pair.
pub(super) fn both(findings: &mut Findings, source: &Inventory, target: &Inventory, pg_dump_major: Option<u32>) {
    for inventory in [source, target] {
        version(findings, inventory);
        recovery(findings, inventory);
        standbys(findings, inventory);
        durability(findings, inventory);
        read_only(findings, inventory);
    }
    same_database(findings, source, target);
    encoding(findings, source, target);
    pg_dump(findings, &source.server, pg_dump_major);
}

fn version(findings: &mut Findings, inventory: &Inventory) {
    let major = inventory.server.version / 10_000;
    if !MAJORS.contains(&major) {
        findings.fatal(
            Check::Version,
            inventory.side,
            format!("PostgreSQL {major}"),
            format!("only PostgreSQL {} to {} are supported", MAJORS.start(), MAJORS.end()),
            "upgrade the server",
        );
    }
}

fn recovery(findings: &mut Findings, inventory: &Inventory) {
    if inventory.server.in_recovery {
        findings.fatal(
            Check::InRecovery,
            inventory.side,
            &inventory.server.database,
            "the server is a standby: nothing can be written to it",
            "give the URL of its primary",
        );
    }
}

fn standbys(findings: &mut Findings, inventory: &Inventory) {
    for standby in inventory.server.standbys.iter().filter(|standby| standby.sync_state == "async") {
        findings.fatal(
            Check::AsyncStandby,
            inventory.side,
            &standby.name,
            "an asynchronous standby could be promoted without the commit that decides who owns the data",
            format!(
                "ALTER SYSTEM SET synchronous_standby_names = {}; SELECT pg_reload_conf()",
                crate::sql::literal(&crate::sql::ident(&standby.name))
            ),
        );
    }
}

fn durability(findings: &mut Findings, inventory: &Inventory) {
    for setting in ["fsync", "full_page_writes"] {
        if inventory.server.setting(setting) == "off" {
            findings.warn(
                Check::Durability,
                inventory.side,
                setting,
                "a power failure may lose acknowledged commits, the cutover's among them",
                format!("ALTER SYSTEM SET {setting} = on; SELECT pg_reload_conf()"),
            );
        }
    }
}

fn read_only(findings: &mut Findings, inventory: &Inventory) {
    if inventory.server.setting("default_transaction_read_only") == "on" {
        findings.fatal(
            Check::ReadOnly,
            inventory.side,
            &inventory.server.database,
            "transactions are read-only by default: neither the journal nor the stream could write",
            format!(
                "ALTER DATABASE {} RESET default_transaction_read_only",
                crate::sql::ident(&inventory.server.database)
            ),
        );
    }
}

fn same_database(findings: &mut Findings, source: &Inventory, target: &Inventory) {
    let here = |inventory: &Inventory| (inventory.server.system.clone(), inventory.server.database.clone());
    if here(source) == here(target) {
        findings.fatal(
            Check::SameDatabase,
            Side::Target,
            &target.server.database,
            "source and target are the same database",
            "give the URL of another database",
        );
    }
}

fn encoding(findings: &mut Findings, source: &Inventory, target: &Inventory) {
    let (from, to) = (&source.server.encoding, &target.server.encoding);
    if from == to || (to == "UTF8" && from != "SQL_ASCII") {
        return;
    }
    findings.fatal(
        Check::Encoding,
        Side::Target,
        &target.server.database,
        format!("the source is encoded in {from}, the target in {to}: not every text would survive"),
        format!("create the target database with ENCODING '{from}' TEMPLATE template0"),
    );
}

fn pg_dump(findings: &mut Findings, source: &Server, major: Option<u32>) {
    let server = source.version / 10_000;
    match major {
        Some(major) if major >= server => {}
        Some(major) => findings.fatal(
            Check::PgDump,
            Side::Source,
            format!("pg_dump {major}"),
            format!("pg_dump refuses a server newer than itself: the source is PostgreSQL {server}"),
            format!("install the client tools of PostgreSQL {server}, or name a pg_dump with --pg-dump"),
        ),
        None => findings.fatal(
            Check::PgDump,
            Side::Source,
            "pg_dump",
            "there is no pg_dump to read the schema with",
            format!("install the client tools of PostgreSQL {server}, or name a pg_dump with --pg-dump"),
        ),
    }
}

/// What the source needs to be streamed from.
pub(super) fn source(findings: &mut Findings, source: &Inventory) {
    let server = &source.server;
    let side = Side::Source;
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
    slot_limits(findings, source);
    transactions(findings, server);
    if server.settings.get("output_plugin_libraries").is_some_and(|list| !list.contains("pgoutput")) {
        findings.fatal(
            Check::OutputPlugin,
            side,
            "output_plugin_libraries",
            "pgoutput isn't among the output plugins that the server allows",
            "ALTER SYSTEM SET output_plugin_libraries = 'pgoutput'; SELECT pg_reload_conf()",
        );
    }
    if server.number("wal_sender_timeout").is_some_and(|ms| ms > 0 && ms < SENDER_TIMEOUT_MS) {
        findings.warn(
            Check::WalSenderTimeout,
            side,
            "wal_sender_timeout",
            "so short a timeout cuts the stream off while a large transaction is decoded",
            "ALTER SYSTEM SET wal_sender_timeout = '60s'; SELECT pg_reload_conf()",
        );
    }
}

fn slot_limits(findings: &mut Findings, source: &Inventory) {
    let server = &source.server;
    if server.number("idle_replication_slot_timeout").is_some_and(|seconds| seconds > 0) {
        findings.fatal(
            Check::IdleSlotTimeout,
            Side::Source,
            "idle_replication_slot_timeout",
            "the slot is idle while rows are copied: the server would invalidate it",
            "ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf()",
        );
    }
    let needed = i64::try_from(source.bytes() >> 20).unwrap_or(i64::MAX).max(MIN_SLOT_WAL_MB);
    if server.number("max_slot_wal_keep_size").is_some_and(|mb| (0..needed).contains(&mb)) {
        findings.fatal(
            Check::SlotWalLimit,
            Side::Source,
            "max_slot_wal_keep_size",
            "what is written while rows are copied may exceed this: the server would invalidate the slot",
            format!("ALTER SYSTEM SET max_slot_wal_keep_size = '{needed}MB'; SELECT pg_reload_conf()"),
        );
    }
}

fn transactions(findings: &mut Findings, server: &Server) {
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

/// What the target needs to subscribe.
pub(super) fn target(findings: &mut Findings, target: &Inventory) {
    let server = &target.server;
    let side = Side::Target;
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
