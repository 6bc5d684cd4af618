//! Faults of databases and of the tables that move, as SQL can seed them: each on a clean pair, with what mends it.

use super::{Cure, Fault};
use rerp_split::preflight::Check;
use rerp_split::status::Severity;

pub(super) const fn fatal(check: Check, source: &'static str) -> Fault {
    Fault { source, ..Fault::new(check, Severity::Fatal) }
}

pub(super) const fn warning(check: Check, source: &'static str) -> Fault {
    Fault { source, ..Fault::new(check, Severity::Warning) }
}

pub(super) const fn on_target(check: Check, target: &'static str) -> Fault {
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
        cure: Cure::By("ALTER TABLE stay.x NO INHERIT app.parent"),
        ..fatal(Check::Inheritance, "CREATE TABLE stay.x () INHERITS (app.parent)")
    },
    Fault {
        cure: Cure::By("ALTER TABLE app.x DETACH PARTITION stay.x_1"),
        ..fatal(
            Check::PartitionTree,
            "CREATE TABLE app.x (id int PRIMARY KEY) PARTITION BY RANGE (id); ALTER TABLE app.x OWNER TO {o};
             CREATE TABLE stay.x_1 PARTITION OF app.x DEFAULT",
        )
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
];
