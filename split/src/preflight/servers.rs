//! Version, durability, encoding, other servers: what holds for a server whatever moves.

use super::{Check, Findings};
use crate::inspect::{Inventory, Server, Standby};
use crate::spec::Side;

/// Oldest and newest major version that this engine was made for.
const MAJORS: std::ops::RangeInclusive<u32> = 15..=18;

/// What concerns both sides, or the pair.
pub(super) fn both(findings: &mut Findings, source: &Inventory, target: &Inventory, pg_dump_major: Option<u32>) {
    for inventory in [source, target] {
        version(findings, inventory);
        recovery(findings, inventory);
        standbys(findings, inventory);
        synchronous(findings, inventory);
        stale_collation(findings, inventory);
        durability(findings, inventory);
        read_only(findings, inventory);
    }
    same_database(findings, source, target);
    encoding(findings, source, target);
    pg_dump(findings, &source.server, pg_dump_major);
    older_target(findings, source, target);
    host(findings, &source.server, &target.server);
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

/// With nobody to wait for, a commit waits for ever.
fn synchronous(findings: &mut Findings, inventory: &Inventory) {
    let server = &inventory.server;
    let confirms = |standby: &Standby| ["sync", "quorum"].contains(&standby.sync_state.as_str());
    if !server.setting("synchronous_standby_names").is_empty() && !server.standbys.iter().any(confirms) {
        findings.fatal(
            Check::SynchronousStandby,
            inventory.side,
            "synchronous_standby_names",
            "no synchronous standby is connected: every commit waits for one, the cutover's too",
            // A standby that comes back to a server without names is asynchronous.
            "connect the standby that it names; or, if that is gone for good: \
             ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf()",
        );
    }
}

fn stale_collation(findings: &mut Findings, inventory: &Inventory) {
    let database = &inventory.server.database;
    if let Some(versions) = &inventory.server.stale_collation {
        let name = crate::sql::ident(database);
        findings.warn(
            Check::CollationVersion,
            inventory.side,
            database,
            format!("the locale library has changed ({versions}): indexes on text may be out of order and miss rows"),
            format!("REINDEX DATABASE {name}; ALTER DATABASE {name} REFRESH COLLATION VERSION"),
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

/// Definitions go over as the source's version writes them.
fn older_target(findings: &mut Findings, source: &Inventory, target: &Inventory) {
    let (from, to) = (source.server.version / 10_000, target.server.version / 10_000);
    if to < from {
        findings.warn(
            Check::TargetOlder,
            Side::Target,
            format!("PostgreSQL {to}"),
            format!("older than the source's {from}: a definition that uses what is new there can't be made here"),
            format!("move to a server of version {from} or later"),
        );
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The same for the stream that leads back, which connects from the source's server.
pub(super) fn target_host(findings: &mut Findings, source: &Server, target: &Server) {
    if is_loopback(&target.host) && !is_loopback(&source.host) {
        findings.warn(
            Check::TargetHost,
            Side::Source,
            &target.host,
            "the stream connects from the source's server, to which this address is that server itself",
            "give --target a host that the source's server reaches",
        );
    }
}

/// The subscription connects from the target's server, where a loopback address is that server itself.
fn host(findings: &mut Findings, source: &Server, target: &Server) {
    if is_loopback(&source.host) && !is_loopback(&target.host) {
        findings.warn(
            Check::SourceHost,
            Side::Target,
            &source.host,
            "the stream connects from the target's server, to which this address is that server itself",
            "give --source a host that the target's server reaches",
        );
    }
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
