//! Preflight against real catalogs: each fault is seeded alone and found as exactly that; a clean pair has none.

use crate::world::{self, World};
use rerp_split::inspect::{Inventory, OldTransaction, Standby, inspect};
use rerp_split::preflight;
use rerp_split::run::survey;
use rerp_split::spec::Side;
use rerp_split::status::{Finding, Severity};

/// What every fault starts from. `{o}` is the owner on the source, `{a}` the service's role, `{l}` its login; the same
/// with `t` before for the target.
const CLEAN: &str = "
RESET ROLE; DROP SCHEMA IF EXISTS app, stay CASCADE; CREATE SCHEMA app AUTHORIZATION {o}; CREATE SCHEMA stay;
GRANT USAGE ON SCHEMA app TO {a}; SET ROLE {o};
CREATE TABLE app.parent (id int PRIMARY KEY, v text NOT NULL DEFAULT 'x');
CREATE TABLE app.child (id bigserial PRIMARY KEY, parent int REFERENCES app.parent);
CREATE VIEW app.both AS SELECT c.id, p.v FROM app.child c JOIN app.parent p ON p.id = c.parent;
GRANT SELECT, INSERT ON app.parent, app.child TO {a};
RESET ROLE;";

const CLEAN_TARGET: &str =
    "RESET ROLE; DROP SCHEMA IF EXISTS app, stay CASCADE; CREATE SCHEMA app AUTHORIZATION {to}; CREATE SCHEMA stay;";

struct Fault {
    id: &'static str,
    severity: Severity,
    source: &'static str,
    target: &'static str,
    undo: &'static str,
}

const fn fatal(id: &'static str, source: &'static str) -> Fault {
    Fault { id, severity: Severity::Fatal, source, target: "", undo: "" }
}

const fn warning(id: &'static str, source: &'static str) -> Fault {
    Fault { severity: Severity::Warning, ..fatal(id, source) }
}

const fn on_target(id: &'static str, target: &'static str) -> Fault {
    Fault { target, ..fatal(id, "") }
}

const FAULTS: &[Fault] = &[
    fatal("no-primary-key", "CREATE TABLE app.x (id int); ALTER TABLE app.x OWNER TO {o}"),
    fatal("no-primary-key", "CREATE TABLE app.x (id int PRIMARY KEY DEFERRABLE); ALTER TABLE app.x OWNER TO {o}"),
    fatal("replica-identity", "ALTER TABLE app.parent REPLICA IDENTITY NOTHING"),
    fatal("unlogged", "CREATE UNLOGGED TABLE app.x (id int PRIMARY KEY); ALTER TABLE app.x OWNER TO {o}"),
    fatal(
        "partitioned",
        "CREATE TABLE app.x (id int PRIMARY KEY) PARTITION BY RANGE (id); ALTER TABLE app.x OWNER TO {o}",
    ),
    fatal("materialized-view", "CREATE MATERIALIZED VIEW app.x AS SELECT 1 AS one"),
    fatal("policy-role", "CREATE POLICY p ON app.parent TO {a} USING (true)"),
    fatal("rewrite-rule", "CREATE RULE r AS ON INSERT TO app.parent DO ALSO NOTIFY x"),
    fatal(
        "trigger-always",
        "CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER t BEFORE UPDATE ON app.parent FOR EACH ROW EXECUTE FUNCTION app.f();
         ALTER TABLE app.parent ENABLE ALWAYS TRIGGER t",
    ),
    fatal("foreign-key", "CREATE TABLE stay.x (id int PRIMARY KEY, parent int REFERENCES app.parent)"),
    fatal(
        "foreign-key",
        "CREATE TABLE stay.x (id int PRIMARY KEY); ALTER TABLE app.child ADD FOREIGN KEY (parent) REFERENCES stay.x",
    ),
    fatal("dependent", "CREATE VIEW stay.v AS SELECT * FROM app.parent"),
    fatal("dependent", "CREATE TABLE stay.x (id int); CREATE VIEW app.v AS SELECT * FROM stay.x"),
    fatal("dependent", "CREATE FUNCTION stay.f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM app.parent; END"),
    warning("mention", "CREATE FUNCTION stay.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM app.parent'"),
    fatal("outside-dependency", "CREATE TYPE stay.e AS ENUM ('a'); ALTER TABLE app.parent ADD COLUMN e stay.e"),
    fatal(
        "outside-dependency",
        "CREATE FUNCTION stay.d() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER TABLE app.parent ADD COLUMN d int DEFAULT stay.d()",
    ),
    Fault {
        undo: "DROP EXTENSION citext CASCADE",
        ..fatal("extension", "CREATE EXTENSION citext SCHEMA public; ALTER TABLE app.parent ADD COLUMN c public.citext")
    },
    fatal(
        "sequence-elsewhere",
        "CREATE SEQUENCE stay.s; ALTER TABLE app.parent ALTER COLUMN id SET DEFAULT nextval('stay.s')",
    ),
    Fault {
        undo: "SELECT lo_unlink(oid) FROM pg_largeobject_metadata",
        ..fatal("large-object", "SELECT lo_create(0); ALTER TABLE app.parent ADD COLUMN l oid")
    },
    fatal("table-owner", "ALTER TABLE app.parent OWNER TO {l}"),
    fatal("direct-grant", "GRANT SELECT ON app.parent TO PUBLIC"),
    fatal("direct-grant", "GRANT SELECT (v) ON app.parent TO {l}"),
    Fault {
        undo: "DROP OWNED BY {o}_other; DROP ROLE {o}_other",
        ..warning("other-reader", "CREATE ROLE {o}_other; GRANT SELECT ON app.parent TO {o}_other")
    },
    Fault { undo: "ALTER ROLE {o} NOLOGIN", ..fatal("owner-login", "ALTER ROLE {o} LOGIN") },
    Fault { undo: "ALTER ROLE {l} NOSUPERUSER", ..fatal("powerful-role", "ALTER ROLE {l} SUPERUSER") },
    Fault { undo: "REVOKE {o} FROM {a}", ..fatal("powerful-role", "GRANT {o} TO {a}") },
    Fault { undo: "REVOKE pg_write_all_data FROM {l}", ..fatal("powerful-role", "GRANT pg_write_all_data TO {l}") },
    Fault {
        undo: "DROP EVENT TRIGGER seeded",
        ..warning(
            "event-trigger",
            "CREATE FUNCTION stay.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
             CREATE EVENT TRIGGER seeded ON sql_drop EXECUTE FUNCTION stay.e()",
        )
    },
    Fault {
        undo: "ALTER DATABASE {d} RESET default_transaction_read_only",
        ..fatal("read-only", "ALTER DATABASE {d} SET default_transaction_read_only = on")
    },
    fatal("nothing-to-move", "DROP VIEW app.both; DROP TABLE app.child, app.parent"),
    on_target("target-not-empty", "CREATE TABLE app.x (id int)"),
    on_target("target-not-empty", "CREATE TYPE app.parent AS ENUM ('a')"),
    on_target("schema-owner", "ALTER SCHEMA app OWNER TO postgres"),
    on_target("powerful-role", "GRANT pg_read_all_data TO {ta}"),
];

fn fill(text: &str, world: &World) -> String {
    let (from, to) = (&world.source, &world.target);
    text.replace("{o}", &from.roles.owner)
        .replace("{to}", &to.roles.owner)
        .replace("{a}", &from.roles.app[0])
        .replace("{ta}", &to.roles.app[0])
        .replace("{l}", &format!("{}_a", from.roles.app[0]))
        .replace("{d}", &from.database)
}

/// The test servers run without fsync, which is a finding of its own.
async fn found(world: &World) -> Vec<Finding> {
    let mut findings = survey(&world.reader()).await.unwrap().findings;
    findings.retain(|finding| finding.id != "durability");
    findings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_found_alone_and_a_clean_pair_has_none() {
    let world = World::empty().await;
    let mut checked = 0;
    for fault in FAULTS {
        let (source, target) = (world.source.admin().await, world.target.admin().await);
        source.batch_execute(&fill(CLEAN, &world)).await.unwrap();
        target.batch_execute(&fill(CLEAN_TARGET, &world)).await.unwrap();
        assert_eq!(found(&world).await, [], "before {}", fault.id);
        let seed = fill(fault.source, &world);
        source.batch_execute(&seed).await.unwrap_or_else(|e| panic!("{seed}: {e:?}"));
        target.batch_execute(&fill(fault.target, &world)).await.unwrap();
        let findings = found(&world).await;
        let seen: Vec<_> = findings.iter().map(|finding| (finding.id.as_str(), finding.severity)).collect();
        assert_eq!(seen, [(fault.id, fault.severity)], "{seed}{}: {findings:#?}", fault.target);
        assert!(findings.iter().all(|finding| !finding.fix.is_empty() && !finding.message.is_empty()));
        // The session may have become read-only with its database.
        source.batch_execute("SET default_transaction_read_only = off").await.unwrap();
        source.batch_execute(&fill(fault.undo, &world)).await.unwrap();
        checked += 1;
    }
    assert_eq!(checked, FAULTS.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_migration_changes_nothing_but_the_journal() {
    let world = World::empty().await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    source.batch_execute(&fill(CLEAN, &world)).await.unwrap();
    source.batch_execute("ALTER TABLE app.parent REPLICA IDENTITY NOTHING").await.unwrap();
    target.batch_execute(&fill(CLEAN_TARGET, &world)).await.unwrap();
    let before = (world::catalog(&source).await, world::catalog(&target).await);
    assert_eq!(world.run("plan", &[]).await.status.code(), Some(2));
    assert_eq!((world::catalog(&source).await, world::catalog(&target).await), before, "plan writes nothing");

    let output = world.run("run", &[]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("fatal replica-identity on the source: \"app\".\"parent\""), "{text}");
    assert!(text.contains("fix: ALTER TABLE \"app\".\"parent\" REPLICA IDENTITY DEFAULT"), "{text}");
    world.succeeds("abort", &[]).await;
    assert_eq!((world::catalog(&source).await, world::catalog(&target).await), before);
}

/// What can't be seeded on a running server that others share: the same facts, changed in the inventory of a clean pair.
type Change = fn(&mut Inventory, &mut Inventory);

fn set(inventory: &mut Inventory, name: &str, value: &str) {
    inventory.server.settings.insert(name.to_owned(), value.to_owned());
}

const CHANGES: &[(&str, Severity, Change)] = &[
    ("version", Severity::Fatal, |from, _| from.server.version = 140_000),
    ("version", Severity::Fatal, |_, to| to.server.version = 190_000),
    ("in-recovery", Severity::Fatal, |from, _| from.server.in_recovery = true),
    ("not-superuser", Severity::Fatal, |_, to| to.server.superuser = false),
    ("async-standby", Severity::Fatal, |from, _| {
        from.server.standbys.push(Standby { name: "s".into(), sync_state: "async".into() });
    }),
    ("async-standby", Severity::Fatal, |_, to| {
        to.server.standbys.push(Standby { name: "s".into(), sync_state: "async".into() });
    }),
    ("durability", Severity::Warning, |from, _| set(from, "fsync", "off")),
    ("same-database", Severity::Fatal, |from, to| {
        to.server.system.clone_from(&from.server.system);
        to.server.database.clone_from(&from.server.database);
    }),
    ("encoding", Severity::Fatal, |from, _| from.server.encoding = "SQL_ASCII".into()),
    ("encoding", Severity::Fatal, |_, to| to.server.encoding = "LATIN1".into()),
    ("collation", Severity::Warning, |_, to| to.server.collation = "i und".into()),
    ("wal-level", Severity::Fatal, |from, _| set(from, "wal_level", "replica")),
    ("replication-slots", Severity::Fatal, |from, _| from.server.slots_used = 40),
    ("wal-senders", Severity::Fatal, |from, _| from.server.senders_used = 39),
    ("idle-slot-timeout", Severity::Fatal, |from, _| set(from, "idle_replication_slot_timeout", "3600")),
    ("slot-wal-limit", Severity::Fatal, |from, _| set(from, "max_slot_wal_keep_size", "64")),
    ("prepared-transaction", Severity::Fatal, |from, _| from.server.prepared.push("x".into())),
    ("old-transaction", Severity::Fatal, |from, _| {
        from.server.old_transactions.push(OldTransaction { pid: 1, login: "l".into(), seconds: 600, writes: true });
    }),
    ("output-plugin", Severity::Fatal, |from, _| set(from, "output_plugin_libraries", "test_decoding")),
    ("wal-sender-timeout", Severity::Warning, |from, _| set(from, "wal_sender_timeout", "5000")),
    ("logical-workers", Severity::Fatal, |_, to| set(to, "max_logical_replication_workers", "0")),
    ("worker-processes", Severity::Fatal, |_, to| set(to, "max_worker_processes", "1")),
    ("replication-origins", Severity::Fatal, |_, to| set(to, "max_active_replication_origins", "0")),
    ("no-such-table", Severity::Fatal, |from, _| from.missing.push("x".into())),
    ("no-such-role", Severity::Fatal, |_, to| to.roles[0].exists = false),
    ("partitioned", Severity::Fatal, |from, _| from.tables[0].inherits = true),
    ("unlogged", Severity::Fatal, |from, _| from.sequences[0].unlogged = true),
    ("generated-identity", Severity::Fatal, |from, _| from.tables[0].columns[0].generated = "s".into()),
    ("row-security", Severity::Fatal, |from, _| {
        from.tables[0].row_security = true;
        from.server.superuser = false;
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_about_servers_are_judged() {
    let world = World::empty().await;
    let (mut source, mut target) = (world.source.admin().await, world.target.admin().await);
    source.batch_execute(&fill(CLEAN, &world)).await.unwrap();
    target.batch_execute(&fill(CLEAN_TARGET, &world)).await.unwrap();
    let spec = world.spec();
    let mut from = inspect(&mut source, Side::Source, &spec).await.unwrap();
    let mut to = inspect(&mut target, Side::Target, &spec).await.unwrap();
    for inventory in [&mut from, &mut to] {
        set(inventory, "fsync", "on");
        set(inventory, "full_page_writes", "on");
        // One server may play both sides.
        inventory.server.slots_used = 0;
        inventory.server.senders_used = 0;
        inventory.server.workers_used = 0;
        inventory.server.origins_used = 0;
    }
    for (id, severity, change) in CHANGES {
        let (mut a, mut b) = (from.clone(), to.clone());
        assert_eq!(preflight::check(&spec, &a, &b, Some(18)), [], "before {id}");
        change(&mut a, &mut b);
        let mut findings = preflight::check(&spec, &a, &b, Some(18));
        if *id == "row-security" {
            findings.retain(|finding| finding.id != "not-superuser");
        }
        let seen: Vec<_> = findings.iter().map(|finding| (finding.id.as_str(), finding.severity)).collect();
        assert_eq!(seen, [(*id, *severity)], "{findings:#?}");
    }
    let ids =
        |major| preflight::check(&spec, &from, &to, major).into_iter().map(|finding| finding.id).collect::<Vec<_>>();
    assert_eq!((ids(None), ids(Some(14))), (vec!["pg-dump".to_owned()], vec!["pg-dump".to_owned()]));
    let mut renamed = spec.clone();
    renamed.target.schema = "other".into();
    let seen: Vec<_> = preflight::check(&renamed, &from, &to, Some(18)).into_iter().map(|finding| finding.id).collect();
    assert_eq!(seen, ["schema-name"]);
}
