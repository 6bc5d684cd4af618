//! Room for what the migration does besides replicating: sessions, locks, files.

use super::{Check, Findings};
use crate::inspect::Inventory;
use crate::spec::{Side, Spec};
use crate::sql;

/// Sessions beside those of the copy's workers: journal, keeper, tokens, inspection, the fence's two, who lists what is made, who
/// watches the slot and who measures commits.
const SESSIONS: i64 = 10;
/// Sessions that the stream's role opens, which a database's own limit counts.
const STREAM_SESSIONS: i64 = 4;
/// Sessions beside the workers that lock every moving table: the keeper, and `pg_dump`.
const LOCKERS: i64 = 2;

/// What both sides have to have room for, then what one has.
pub(super) fn check(findings: &mut Findings, spec: &Spec, source: &Inventory, target: &Inventory) {
    for inventory in [source, target] {
        connections(findings, spec, inventory);
        locks(findings, spec, inventory.side, source, inventory);
    }
    database_connections(findings, source);
    temporary_files(findings, source, target);
}

/// What is reserved, for superusers and from 16 on for `pg_use_reserved_connections`, is left to people.
fn connections(findings: &mut Findings, spec: &Spec, inventory: &Inventory) {
    let server = &inventory.server;
    let Some(limit) = server.number("max_connections") else { return };
    let reserved =
        ["superuser_reserved_connections", "reserved_connections"].map(|name| server.number(name).unwrap_or(0));
    let needed = i64::from(spec.copy.workers) + SESSIONS;
    let free = limit - reserved.iter().sum::<i64>() - server.sessions_used;
    if free < needed {
        findings.fatal(
            Check::Connections,
            inventory.side,
            "max_connections",
            format!("{free} sessions are left and the migration needs {needed}: it, or the service, would be refused"),
            format!("ALTER SYSTEM SET max_connections = {}; then restart", limit + needed),
        );
    }
}

fn database_connections(findings: &mut Findings, source: &Inventory) {
    let server = &source.server;
    let free = server.database_limit - server.database_sessions;
    if server.database_limit >= 0 && free < STREAM_SESSIONS {
        let message = format!(
            "the database may have {} sessions, which are in use: the stream, whose role is no superuser, would be refused",
            server.database_limit
        );
        let fix = format!("ALTER DATABASE {} CONNECTION LIMIT -1", sql::ident(&server.database));
        findings.fatal(Check::DatabaseConnections, Side::Source, &server.database, message, fix);
    }
}

/// The shared table of locks has room for two holders of each lock.
fn locks(findings: &mut Findings, spec: &Spec, side: Side, source: &Inventory, inventory: &Inventory) {
    let number = |name| inventory.server.number(name).unwrap_or(0);
    let Some(each) = inventory.server.number("max_locks_per_transaction") else { return };
    let sharers = (number("max_connections") + number("max_prepared_transactions")).max(1);
    let tables = i64::try_from(source.tables.len()).unwrap_or(i64::MAX);
    let needed = tables.saturating_mul(i64::from(spec.copy.workers) + LOCKERS) / 2;
    if needed > each.saturating_mul(sharers) {
        findings.fatal(
            Check::LockTable,
            side,
            "max_locks_per_transaction",
            format!("the locks on {tables} tables, held by every worker of the copy, don't fit into shared memory"),
            format!("ALTER SYSTEM SET max_locks_per_transaction = {}; then restart", each + needed / sharers + 1),
        );
    }
}

/// An index of a table is sorted in temporary files of about its size.
fn temporary_files(findings: &mut Findings, source: &Inventory, target: &Inventory) {
    let largest = source.tables.iter().map(|table| table.bytes).max().unwrap_or(0);
    let largest = i64::try_from(largest >> 10).unwrap_or(i64::MAX);
    if target.server.number("temp_file_limit").is_some_and(|limit| (0..largest).contains(&limit)) {
        findings.warn(
            Check::TempFileLimit,
            Side::Target,
            "temp_file_limit",
            "smaller than the largest table: building its indexes may fail",
            format!("ALTER DATABASE {} SET temp_file_limit = -1", sql::ident(&target.server.database)),
        );
    }
}
