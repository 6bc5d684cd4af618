//! Faults that SQL can seed: each on a clean pair, with what mends it.

use super::{Cure, Fault, keys};
use rerp_split::preflight::Check;
use rerp_split::spec::{AcrossDomains, ForeignKeySpec};
use rerp_split::status::Severity;

const SEVER: ForeignKeySpec = keys(AcrossDomains::Sever, false);

const ORPHAN: &str = "
    CREATE TABLE stay.x (id int PRIMARY KEY, parent int); INSERT INTO stay.x VALUES (1, 7);
    ALTER TABLE stay.x ADD FOREIGN KEY (parent) REFERENCES app.parent NOT VALID";

const LANGUAGE: &str = "CREATE LANGUAGE seeded HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator";

const fn fatal(check: Check, source: &'static str) -> Fault {
    Fault { source, ..Fault::new(check, Severity::Fatal) }
}

const fn warning(check: Check, source: &'static str) -> Fault {
    Fault { source, ..Fault::new(check, Severity::Warning) }
}

const fn on_target(check: Check, target: &'static str) -> Fault {
    Fault { target, ..Fault::new(check, Severity::Fatal) }
}

/// In the order of `Check::ALL`; names in braces are those of `super::fill`.
pub(super) const FAULTS: &[Fault] = &[
    Fault {
        undo: "ALTER DATABASE {d} RESET default_transaction_read_only",
        ..fatal(Check::ReadOnly, "ALTER DATABASE {d} SET default_transaction_read_only = on")
    },
    Fault {
        undo: "ALTER DATABASE {d} CONNECTION LIMIT -1",
        ..fatal(Check::DatabaseConnections, "ALTER DATABASE {d} CONNECTION LIMIT 1")
    },
    Fault {
        severity: Severity::Warning,
        undo_target: "ALTER DATABASE {td} RESET temp_file_limit",
        ..on_target(Check::TempFileLimit, "ALTER DATABASE {td} SET temp_file_limit = 0")
    },
    Fault {
        undo: "ALTER DATABASE {d} RESET default_text_search_config",
        undo_target: "ALTER DATABASE {td} RESET default_text_search_config",
        ..warning(Check::SessionSetting, "ALTER DATABASE {d} SET default_text_search_config = 'pg_catalog.german'")
    },
    Fault {
        undo: "ALTER DATABASE {d} RESET search_path",
        undo_target: "ALTER DATABASE {td} RESET search_path",
        ..warning(Check::DatabaseSetting, "ALTER DATABASE {d} SET search_path = app, \"$user\", public")
    },
    Fault {
        cure: Cure::With("'seeded-secret'"),
        undo: "ALTER DATABASE {d} RESET app.token",
        undo_target: "ALTER DATABASE {td} RESET app.token",
        ..warning(Check::DatabaseSetting, "ALTER DATABASE {d} SET app.token = 'seeded-secret'")
    },
    // Tables.
    Fault {
        tables: Some(&["parent", "child", "x"]),
        cure: Cure::By("CREATE TABLE app.x (id int PRIMARY KEY); ALTER TABLE app.x OWNER TO {o}"),
        ..fatal(Check::NoSuchTable, "DROP VIEW app.both")
    },
    Fault {
        tables: Some(&["parent", "child", "s"]),
        cure: Cure::By("DROP SEQUENCE app.s; CREATE TABLE app.s (id int PRIMARY KEY); ALTER TABLE app.s OWNER TO {o}"),
        ..fatal(Check::NotATable, "DROP VIEW app.both; CREATE SEQUENCE app.s")
    },
    Fault {
        cure: Cure::By("CREATE TABLE app.x (id int PRIMARY KEY); ALTER TABLE app.x OWNER TO {o}"),
        ..fatal(Check::NothingToMove, "DROP VIEW app.both; DROP TABLE app.child, app.parent")
    },
    Fault {
        cure: Cure::By("DROP TABLE app.x"),
        ..fatal(
            Check::Partitioned,
            "CREATE TABLE app.x (id int PRIMARY KEY) PARTITION BY RANGE (id); ALTER TABLE app.x OWNER TO {o}",
        )
    },
    Fault {
        cure: Cure::By("ALTER TABLE stay.x NO INHERIT app.parent"),
        ..fatal(Check::Partitioned, "CREATE TABLE stay.x () INHERITS (app.parent)")
    },
    fatal(Check::Unlogged, "CREATE UNLOGGED TABLE app.x (id int PRIMARY KEY); ALTER TABLE app.x OWNER TO {o}"),
    fatal(Check::Unlogged, "CREATE UNLOGGED SEQUENCE app.s"),
    Fault {
        cure: Cure::With("id"),
        ..fatal(Check::NoPrimaryKey, "CREATE TABLE app.x (id int); ALTER TABLE app.x OWNER TO {o}")
    },
    Fault {
        cure: Cure::By("ALTER TABLE app.x DROP CONSTRAINT x_pkey, ADD PRIMARY KEY (id)"),
        ..fatal(
            Check::NoPrimaryKey,
            "CREATE TABLE app.x (id int PRIMARY KEY DEFERRABLE); ALTER TABLE app.x OWNER TO {o}",
        )
    },
    fatal(Check::ReplicaIdentity, "ALTER TABLE app.parent REPLICA IDENTITY NOTHING"),
    Fault {
        cure: Cure::With("x_id"),
        ..fatal(
            Check::GeneratedIdentity,
            "CREATE TABLE app.x (id int NOT NULL, g int GENERATED ALWAYS AS (id + 1) STORED PRIMARY KEY);
             ALTER TABLE app.x OWNER TO {o}; CREATE UNIQUE INDEX x_id ON app.x (id)",
        )
    },
    fatal(
        Check::TriggerAlways,
        "CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER t BEFORE UPDATE ON app.parent FOR EACH ROW EXECUTE FUNCTION app.f();
         ALTER TABLE app.parent ENABLE ALWAYS TRIGGER t",
    ),
    fatal(Check::RewriteRule, "CREATE RULE r AS ON INSERT TO app.parent DO ALSO NOTIFY x"),
    Fault {
        cure: Cure::By(
            "ALTER TABLE app.parent ALTER COLUMN l TYPE bytea USING lo_get(l); \
             SELECT lo_unlink(oid) FROM pg_largeobject_metadata",
        ),
        ..fatal(Check::LargeObject, "SELECT lo_create(0); ALTER TABLE app.parent ADD COLUMN l oid")
    },
    Fault { cure: Cure::With("p"), ..fatal(Check::PolicyRole, "CREATE POLICY p ON app.parent TO {a} USING (true)") },
    // What doesn't move with them.
    Fault {
        cure: Cure::By("SELECT lo_unlink(oid) FROM pg_largeobject_metadata"),
        ..warning(Check::LargeObjectsLeft, "SELECT lo_create(0)")
    },
    Fault {
        cure: Cure::Says("ALTER EXTENSION \"citext\" DROP TABLE app.x"),
        undo: "DROP EXTENSION citext",
        ..warning(
            Check::ExtensionTable,
            "CREATE EXTENSION citext SCHEMA public; CREATE TABLE app.x (id int PRIMARY KEY);
             ALTER TABLE app.x OWNER TO {o}; ALTER EXTENSION citext ADD TABLE app.x",
        )
    },
    Fault {
        cure: Cure::Says("REINDEX INDEX CONCURRENTLY app.i"),
        ..warning(
            Check::InvalidIndex,
            "CREATE INDEX i ON app.parent (v); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.i'::regclass",
        )
    },
    Fault {
        cure: Cure::Says("ALTER TABLE app.x SET TABLESPACE pg_default"),
        ..warning(
            Check::Tablespace,
            "CREATE TABLE app.x (id int PRIMARY KEY) TABLESPACE {d}_space; ALTER TABLE app.x OWNER TO {o}",
        )
    },
    Fault {
        cure: Cure::Says("ALTER INDEX app.i SET TABLESPACE pg_default"),
        ..warning(Check::Tablespace, "CREATE INDEX i ON app.parent (v) TABLESPACE {d}_space")
    },
    Fault {
        cure: Cure::By("DELETE FROM pg_seclabel"),
        ..warning(
            Check::SecurityLabel,
            "INSERT INTO pg_seclabel (objoid, classoid, objsubid, provider, label)
             VALUES ('app.parent'::regclass, 'pg_class'::regclass, 0, 'seeded', 'x')",
        )
    },
    Fault {
        cure: Cure::By("REVOKE SELECT ON app.both FROM {a}"),
        ..warning(Check::RightsLeft, "GRANT SELECT ON app.both TO {a}")
    },
    Fault {
        cure: Cure::By("GRANT EXECUTE ON FUNCTION app.f() TO PUBLIC"),
        ..warning(
            Check::RightsLeft,
            "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE EXECUTE ON FUNCTION app.f() FROM PUBLIC",
        )
    },
    Fault {
        cure: Cure::By("GRANT EXECUTE ON FUNCTION app.f() TO PUBLIC, CURRENT_USER"),
        ..warning(
            Check::RightsLeft,
            "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
             REVOKE EXECUTE ON FUNCTION app.f() FROM PUBLIC, CURRENT_USER",
        )
    },
    warning(Check::NameColumn, "ALTER TABLE app.parent ADD COLUMN r regclass"),
    warning(Check::CountColumn, "ALTER TABLE app.parent ADD COLUMN x xid8"),
    // What is around the tables.
    Fault {
        cure: Cure::Says("DROP MATERIALIZED VIEW \"app\".\"x\""),
        ..fatal(Check::MaterializedView, "CREATE MATERIALIZED VIEW app.x AS SELECT 1 AS one")
    },
    Fault {
        undo: "DROP FOREIGN DATA WRAPPER seeded CASCADE",
        ..fatal(
            Check::ForeignTable,
            "CREATE FOREIGN DATA WRAPPER seeded; CREATE SERVER seeded FOREIGN DATA WRAPPER seeded;
             CREATE FOREIGN TABLE app.x (id int) SERVER seeded",
        )
    },
    fatal(
        Check::SequenceElsewhere,
        "CREATE SEQUENCE stay.s; ALTER TABLE app.parent ALTER COLUMN id SET DEFAULT nextval('stay.s')",
    ),
    fatal(Check::SequenceExhausted, "CREATE SEQUENCE app.s MAXVALUE 500"),
    fatal(Check::SequenceExhausted, "CREATE SEQUENCE app.s INCREMENT -1 MINVALUE -900"),
    warning(Check::SequenceExhausted, "CREATE SEQUENCE app.s AS int; SELECT setval('app.s', 2000000000)"),
    Fault {
        cure: Cure::With("PUBLIC"),
        ..fatal(
            Check::SequenceShared,
            "CREATE TABLE stay.x (id bigint PRIMARY KEY DEFAULT nextval('app.child_id_seq')); ALTER TABLE stay.x OWNER TO {o};
             CREATE SEQUENCE stay.x_id_seq",
        )
    },
    Fault {
        tables: Some(&["parent", "child"]),
        cure: Cure::Says("DROP ROUTINE app.f()"),
        undo: "ALTER EXTENSION plpgsql DROP FUNCTION app.g()",
        ..fatal(
            Check::NeedsStayingTable,
            "DROP VIEW app.both; CREATE TABLE app.x (id int PRIMARY KEY);
             CREATE FUNCTION app.f() RETURNS SETOF app.x LANGUAGE sql AS 'SELECT * FROM app.x';
             CREATE FUNCTION app.g() RETURNS SETOF app.x LANGUAGE sql AS 'SELECT * FROM app.x';
             ALTER EXTENSION plpgsql ADD FUNCTION app.g()",
        )
    },
    Fault {
        tables: Some(&["parent", "child"]),
        cure: Cure::By("DROP POLICY p ON app.parent"),
        ..fatal(
            Check::NeedsStayingTable,
            "DROP VIEW app.both; CREATE TABLE app.x (id int PRIMARY KEY);
             CREATE POLICY p ON app.parent USING (EXISTS (SELECT FROM app.x))",
        )
    },
    fatal(Check::Dependent, "CREATE VIEW stay.v AS SELECT * FROM app.parent"),
    fatal(Check::Dependent, "CREATE TABLE stay.x (id int); CREATE VIEW app.v AS SELECT * FROM stay.x"),
    fatal(
        Check::Dependent,
        "CREATE FUNCTION stay.f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM app.parent; END",
    ),
    Fault {
        cure: Cure::By("DROP FUNCTION stay.f()"),
        ..warning(
            Check::Mention,
            "CREATE FUNCTION stay.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM app.parent'",
        )
    },
    Fault {
        tables: Some(&["parent", "child"]),
        cure: Cure::By("DROP FUNCTION app.f()"),
        ..warning(
            Check::Mention,
            "DROP VIEW app.both; CREATE FUNCTION app.f() RETURNS bigint LANGUAGE plpgsql AS
             'BEGIN RETURN (SELECT count(*) FROM child); END'",
        )
    },
    Fault {
        undo: "DROP EVENT TRIGGER seeded",
        ..warning(
            Check::EventTrigger,
            "CREATE FUNCTION stay.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
             CREATE EVENT TRIGGER seeded ON sql_drop EXECUTE FUNCTION stay.e()",
        )
    },
    Fault {
        severity: Severity::Warning,
        undo_target: "DROP EVENT TRIGGER seeded",
        ..on_target(
            Check::EventTrigger,
            "CREATE FUNCTION stay.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
             CREATE EVENT TRIGGER seeded ON sql_drop EXECUTE FUNCTION stay.e()",
        )
    },
    Fault {
        cure: Cure::Says("ALTER TABLE stay.x DROP CONSTRAINT \"x_parent_fkey\""),
        ..fatal(Check::ForeignKey, "CREATE TABLE stay.x (id int PRIMARY KEY, parent int REFERENCES app.parent)")
    },
    Fault {
        cure: Cure::Says("ALTER TABLE app.child DROP CONSTRAINT \"child_parent_fkey1\""),
        ..fatal(
            Check::ForeignKey,
            "CREATE TABLE stay.x (id int PRIMARY KEY);
             ALTER TABLE app.child ADD FOREIGN KEY (parent) REFERENCES stay.x",
        )
    },
    Fault {
        keys: SEVER,
        cure: Cure::By("ALTER TABLE stay.x DROP CONSTRAINT x_parent_fkey"),
        ..warning(
            Check::ForeignKeySevered,
            "CREATE TABLE stay.x (id int PRIMARY KEY, parent int REFERENCES app.parent)",
        )
    },
    Fault {
        keys: SEVER,
        beside: &[Check::ForeignKeySevered],
        cure: Cure::By("DELETE FROM stay.x"),
        ..fatal(Check::Orphans, ORPHAN)
    },
    Fault {
        keys: keys(AcrossDomains::Sever, true),
        beside: &[Check::ForeignKeySevered],
        cure: Cure::By("DELETE FROM stay.x"),
        ..warning(Check::Orphans, ORPHAN)
    },
    Fault {
        keys: SEVER,
        beside: &[Check::ForeignKeySevered],
        cure: Cure::By("DROP PUBLICATION rerp_other_fwd"),
        ..fatal(
            Check::KeyOfAnotherMigration,
            "CREATE TABLE stay.x (id int PRIMARY KEY, parent int REFERENCES app.parent);
             CREATE PUBLICATION rerp_other_fwd FOR TABLE stay.x",
        )
    },
    fatal(
        Check::SubscribedTable,
        "CREATE SUBSCRIPTION {d}_in CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE);
         INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)
         SELECT oid, 'app.parent'::regclass, 'r' FROM pg_subscription WHERE subname = '{d}_in'",
    ),
    Fault {
        undo: "DROP PUBLICATION seeded",
        ..warning(Check::OtherPublication, "CREATE PUBLICATION seeded FOR TABLE app.parent, app.child")
    },
    Fault {
        cure: Cure::By("DROP PUBLICATION seeded"),
        ..warning(
            Check::OtherPublication,
            "DO $$ BEGIN FOR n IN 1..11 LOOP
                 EXECUTE format('CREATE TABLE app.x%s (id int PRIMARY KEY)', n);
                 EXECUTE format('ALTER TABLE app.x%s OWNER TO {o}', n);
             END LOOP; END $$;
             CREATE PUBLICATION seeded FOR TABLE app.x1, app.x2, app.x3, app.x4, app.x5, app.x6, app.x7, app.x8, app.x9, app.x10, app.x11",
        )
    },
    Fault {
        cure: Cure::By("DROP PUBLICATION seeded"),
        ..warning(Check::OtherPublication, "CREATE PUBLICATION seeded FOR ALL TABLES")
    },
    Fault {
        cure: Cure::By("DROP PUBLICATION seeded"),
        ..warning(Check::OtherPublication, "CREATE PUBLICATION seeded FOR TABLES IN SCHEMA app")
    },
    Fault {
        cure: Cure::Says("DROP ROLE \"rerp_repl_{m}\""),
        ..fatal(Check::NameTaken, "CREATE ROLE rerp_repl_{m}")
    },
    Fault {
        cure: Cure::Says("DROP PUBLICATION \"rerp_{m}_fwd\""),
        ..fatal(Check::NameTaken, "CREATE PUBLICATION rerp_{m}_fwd")
    },
    Fault {
        cure: Cure::Says("SELECT pg_drop_replication_slot('rerp_{m}_fwd_1')"),
        ..fatal(Check::NameTaken, "SELECT pg_create_physical_replication_slot('rerp_{m}_fwd_1')")
    },
    Fault {
        cure: Cure::Says("DROP EVENT TRIGGER \"rerp_{m}_ddl_end\""),
        ..fatal(
            Check::NameTaken,
            "CREATE FUNCTION stay.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
             CREATE EVENT TRIGGER rerp_{m}_ddl_end ON sql_drop EXECUTE FUNCTION stay.e()",
        )
    },
    Fault {
        cure: Cure::Says(
            "ALTER SUBSCRIPTION \"rerp_{m}_fwd_1\" DISABLE; \
             ALTER SUBSCRIPTION \"rerp_{m}_fwd_1\" SET (slot_name = NONE); DROP SUBSCRIPTION \"rerp_{m}_fwd_1\"",
        ),
        ..on_target(
            Check::NameTaken,
            "CREATE SUBSCRIPTION rerp_{m}_fwd_1 CONNECTION 'dbname=nowhere' PUBLICATION p
             WITH (connect = false, slot_name = NONE)",
        )
    },
    Fault {
        cure: Cure::By("DELETE FROM rerp_split.owner"),
        ..fatal(
            Check::SourceClosed,
            "INSERT INTO rerp_split.owner (migration, schema_name, epoch, is_owner) VALUES ('other', 'app', 1, false)",
        )
    },
    Fault {
        cure: Cure::By("UPDATE rerp_split.migration SET phase = 'Completed'"),
        undo: "DELETE FROM rerp_split.owner; DELETE FROM rerp_split.migration",
        ..fatal(
            Check::SchemaOfAnotherMigration,
            "INSERT INTO rerp_split.owner (migration, schema_name, epoch, is_owner) VALUES ('other', 'app', 0, true);
             INSERT INTO rerp_split.migration (migration, phase, status) VALUES ('other', 'Copy', '{}')",
        )
    },
    // The target.
    Fault {
        cure: Cure::Says("DROP SCHEMA \"app\" CASCADE"),
        ..on_target(Check::TargetNotEmpty, "CREATE TABLE app.x (id int)")
    },
    Fault {
        cure: Cure::Says("DROP SCHEMA \"app\" CASCADE"),
        ..on_target(Check::TargetNotEmpty, "CREATE TYPE app.parent AS ENUM ('a')")
    },
    Fault {
        cure: Cure::By("DELETE FROM rerp_split.owner"),
        ..on_target(
            Check::TargetInUse,
            "INSERT INTO rerp_split.owner (migration, schema_name, epoch, is_owner) VALUES ('other', 'app', 1, true)",
        )
    },
    on_target(Check::SchemaOwner, "ALTER SCHEMA app OWNER TO postgres"),
    Fault {
        cure: Cure::By("CREATE TYPE stay.e AS ENUM ('a')"),
        ..fatal(
            Check::OutsideDependency,
            "CREATE TYPE stay.e AS ENUM ('a'); ALTER TABLE app.parent ADD COLUMN e stay.e",
        )
    },
    Fault {
        cure: Cure::By("CREATE FUNCTION stay.d() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        ..fatal(
            Check::OutsideDependency,
            "CREATE FUNCTION stay.d() RETURNS int LANGUAGE sql AS 'SELECT 1';
             ALTER TABLE app.parent ADD COLUMN d int DEFAULT stay.d()",
        )
    },
    Fault {
        cure: Cure::By(LANGUAGE),
        undo: "DROP LANGUAGE seeded CASCADE",
        undo_target: "DROP LANGUAGE seeded",
        ..fatal(
            Check::Language,
            "CREATE LANGUAGE seeded HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator;
             CREATE FUNCTION app.f() RETURNS int LANGUAGE seeded AS 'BEGIN RETURN 1; END'",
        )
    },
    Fault {
        undo: "DROP EXTENSION citext CASCADE",
        undo_target: "DROP EXTENSION citext",
        ..fatal(
            Check::Extension,
            "CREATE EXTENSION citext SCHEMA public; ALTER TABLE app.parent ADD COLUMN c public.citext",
        )
    },
    Fault {
        target: "CREATE EXTENSION citext SCHEMA stay",
        undo: "DROP EXTENSION citext CASCADE",
        undo_target: "DROP EXTENSION citext",
        ..fatal(
            Check::Extension,
            "CREATE EXTENSION citext SCHEMA public; ALTER TABLE app.parent ADD COLUMN c public.citext",
        )
    },
    Fault {
        target: "CREATE EXTENSION citext SCHEMA public VERSION '1.5'",
        undo: "DROP EXTENSION citext CASCADE",
        undo_target: "DROP EXTENSION citext",
        ..warning(
            Check::ExtensionVersion,
            "CREATE EXTENSION citext SCHEMA public; ALTER TABLE app.parent ADD COLUMN c public.citext",
        )
    },
    // Roles.
    Fault {
        cure: Cure::By("ALTER ROLE {tr}_gone RENAME TO {tr}"),
        ..on_target(Check::NoSuchRole, "ALTER ROLE {tr} RENAME TO {tr}_gone")
    },
    Fault { cure: Cure::Says("ALTER ROLE \"{o}\" NOLOGIN"), ..fatal(Check::OwnerLogin, "ALTER ROLE {o} LOGIN") },
    fatal(Check::PowerfulRole, "ALTER ROLE {l} SUPERUSER"),
    fatal(Check::PowerfulRole, "GRANT {o} TO {a}"),
    fatal(Check::PowerfulRole, "GRANT pg_write_all_data TO {l}"),
    on_target(Check::PowerfulRole, "GRANT pg_read_all_data TO {ta}"),
    fatal(Check::TableOwner, "ALTER TABLE app.parent OWNER TO {l}"),
    fatal(Check::ViewOwner, "CREATE VIEW app.v AS SELECT * FROM app.parent"),
    warning(Check::DefinerOwner, "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"),
    on_target(Check::SchemaUsage, "REVOKE USAGE ON SCHEMA app FROM {tr}"),
    fatal(Check::DirectGrant, "GRANT SELECT ON app.parent TO PUBLIC"),
    fatal(Check::DirectGrant, "GRANT SELECT (v) ON app.parent TO {l}"),
    Fault {
        beside: &[Check::OtherReader],
        undo: "DROP OWNED BY {o}_other; DROP ROLE {o}_other",
        ..fatal(
            Check::OtherGrantor,
            "CREATE ROLE {o}_other; GRANT USAGE ON SCHEMA app TO {o}_other;
             GRANT SELECT ON app.parent TO {o}_other WITH GRANT OPTION;
             SET ROLE {o}_other; GRANT SELECT ON app.parent TO {a}; RESET ROLE",
        )
    },
    Fault {
        undo: "DROP OWNED BY {o}_other; DROP ROLE {o}_other",
        ..warning(Check::OtherReader, "CREATE ROLE {o}_other; GRANT SELECT ON app.parent TO {o}_other")
    },
];
