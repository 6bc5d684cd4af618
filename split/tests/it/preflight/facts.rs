//! What can't be seeded on these servers, for want of another version, a standby or minutes to wait: the same facts, changed in the
//! inventories of a clean pair.

use super::clean;
use crate::world::World;
use rerp_split::inspect::{Inventory, OldTransaction, Standby, inspect};
use rerp_split::preflight::{self, Check};
use rerp_split::spec::{DO_WITHOUT, Side, Spec};
use rerp_split::status::Severity::{self, Fatal, Warning};

type Change = fn(&mut Inventory, &mut Inventory);

fn set(inventory: &mut Inventory, name: &str, value: &str) {
    inventory.server.settings.insert(name.to_owned(), value.to_owned());
}

fn stand_by(inventory: &mut Inventory) {
    inventory.server.standbys.push(Standby { name: "s".into(), sync_state: "async".into() });
}

pub(super) const FACTS: &[(Check, Severity, Change)] = &[
    (Check::Version, Fatal, |from, _| from.server.version = 140_000),
    (Check::Version, Fatal, |_, to| to.server.version = 190_000),
    (Check::InRecovery, Fatal, |from, _| from.server.in_recovery = true),
    (Check::NotSuperuser, Warning, |from, _| from.server.superuser = false),
    (Check::NotSuperuser, Warning, |_, to| to.server.superuser = false),
    (Check::AsyncStandby, Fatal, |from, _| stand_by(from)),
    (Check::AsyncStandby, Fatal, |_, to| stand_by(to)),
    (Check::SameDatabase, Fatal, |from, to| {
        to.server.system.clone_from(&from.server.system);
        to.server.database.clone_from(&from.server.database);
    }),
    (Check::Encoding, Fatal, |from, _| from.server.encoding = "SQL_ASCII".into()),
    (Check::CollationVersion, Warning, |from, _| from.server.stale_collation = Some("2.31, now 2.36".into())),
    (Check::TargetOlder, Warning, |from, _| from.server.version = 180_000),
    (Check::SourceHost, Warning, |from, to| {
        from.server.host = "127.0.0.1".into();
        to.server.host = "db.example".into();
    }),
    (Check::LockTable, Fatal, |from, _| set(from, "max_locks_per_transaction", "0")),
    (Check::LockTable, Fatal, |_, to| set(to, "max_locks_per_transaction", "0")),
    (Check::Wraparound, Warning, |from, _| from.tables[0].freeze_percent = 95),
    (Check::SlotWalForecast, Warning, |from, _| {
        set(from, "max_slot_wal_keep_size", "2048");
        from.server.wal_rate = Some(1 << 30);
    }),
    (Check::IdleSlotTimeout, Fatal, |from, _| set(from, "idle_replication_slot_timeout", "3600")),
    (Check::OldTransaction, Fatal, |from, _| {
        from.server.old_transactions.push(OldTransaction { pid: 1, login: "l".into(), seconds: 600, writes: true });
    }),
    (Check::OutputPlugin, Fatal, |from, _| set(from, "output_plugin_libraries", "test_decoding")),
    (Check::ReplicationOrigins, Fatal, |_, to| set(to, "max_active_replication_origins", "0")),
];

/// What only a way back needs, and of which side.
pub(super) const WAY_BACK: &[(Check, Severity, Side, Change)] = &[
    (Check::WalLevel, Fatal, Side::Target, |_, to| set(to, "wal_level", "replica")),
    (Check::ReplicationSlots, Fatal, Side::Target, |_, to| to.server.slots_used = 1000),
    (Check::WalSenders, Fatal, Side::Target, |_, to| to.server.senders_used = 1000),
    (Check::SlotWalLimit, Fatal, Side::Target, |_, to| set(to, "max_slot_wal_keep_size", "64")),
    (Check::IdleSlotTimeout, Fatal, Side::Target, |_, to| set(to, "idle_replication_slot_timeout", "3600")),
    (Check::LogicalWorkers, Fatal, Side::Source, |from, _| set(from, "max_logical_replication_workers", "0")),
    (Check::ReplicationOrigins, Fatal, Side::Source, |from, _| from.server.origins_used = 1000),
    (Check::TargetHost, Warning, Side::Source, |from, to| {
        from.server.host = "db.example".into();
        to.server.host = "127.0.0.1".into();
    }),
];

/// What the call says, and no catalog.
pub(super) const ARGUMENTS: [Check; 2] = [Check::PgDump, Check::SchemaName];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_are_judged() {
    let world = World::empty().await;
    clean(&world).await;
    let (mut source, mut target) = (world.source.admin().await, world.target.admin().await);
    let spec = world.spec();
    let mut from = inspect(&mut source, Side::Source, &spec).await.unwrap();
    let mut to = inspect(&mut target, Side::Target, &spec).await.unwrap();
    for inventory in [&mut from, &mut to] {
        set(inventory, "fsync", "on");
        set(inventory, "full_page_writes", "on");
        // Other tests are at work on the same servers.
        inventory.server.slots_used = 0;
        inventory.server.senders_used = 0;
        inventory.server.workers_used = 0;
        inventory.server.origins_used = 0;
    }
    assert_eq!(preflight::check(&spec, &from, &to, Some(18)), [], "a clean pair");
    for (check, severity, change) in FACTS {
        let (mut a, mut b) = (from.clone(), to.clone());
        change(&mut a, &mut b);
        let findings = preflight::check(&spec, &a, &b, Some(18));
        assert_eq!(super::names(&findings), [(check.id(), *severity)], "{findings:#?}");
        assert!(findings.iter().all(|finding| !finding.fix.is_empty() && !finding.message.is_empty()));
    }
    let both_ways = Spec { way_back: true, ..spec.clone() };
    assert_eq!(preflight::check(&both_ways, &from, &to, Some(18)), [], "a clean pair, both ways");
    for (check, severity, side, change) in WAY_BACK {
        let (mut a, mut b) = (from.clone(), to.clone());
        change(&mut a, &mut b);
        let findings = preflight::check(&both_ways, &a, &b, Some(18));
        assert_eq!(super::names(&findings), [(check.id(), *severity)], "{findings:#?}");
        assert!(findings[0].side == *side && findings[0].fix.ends_with(DO_WITHOUT), "{findings:#?}");
        assert_eq!(preflight::check(&spec, &a, &b, Some(18)), [], "{check:?} without a way back");
    }
    let mut renamed = spec.clone();
    renamed.target.schema = "other".into();
    for (spec, major, check) in
        [(&spec, None, Check::PgDump), (&spec, Some(14), Check::PgDump), (&renamed, Some(18), Check::SchemaName)]
    {
        let findings = preflight::check(spec, &from, &to, major);
        assert_eq!(super::names(&findings), [(check.id(), Fatal)], "{findings:#?}");
        assert!(ARGUMENTS.contains(&check));
    }
}
