//! Faults of what is around the tables, as SQL can seed them.

use super::faults::{fatal, on_target, warning};
use super::{Cure, Fault, keys};
use rerp_split::preflight::Check;
use rerp_split::spec::{AcrossDomains, ForeignKeySpec};
use rerp_split::status::Severity;

const SEVER: ForeignKeySpec = keys(AcrossDomains::Sever, false);

const ORPHAN: &str = "
    CREATE TABLE stay.x (id int PRIMARY KEY, parent int); INSERT INTO stay.x VALUES (1, 7);
    ALTER TABLE stay.x ADD FOREIGN KEY (parent) REFERENCES app.parent NOT VALID";

/// In the order of `Check::ALL`; names in braces are those of `super::fill`.
pub(super) const AROUND: &[Fault] = &[
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
        beside: &[Check::ForeignKeySevered, Check::ForeignKeySevered],
        cure: Cure::By("ALTER TABLE stay.x DROP CONSTRAINT x_y_fkey"),
        undo: "DROP SCHEMA far CASCADE",
        ..warning(
            Check::ForeignKeyCircle,
            "CREATE SCHEMA far; CREATE TABLE far.y (id int PRIMARY KEY, parent int REFERENCES app.parent);
             CREATE TABLE stay.x (id int PRIMARY KEY, y int REFERENCES far.y);
             ALTER TABLE app.child ADD FOREIGN KEY (parent) REFERENCES stay.x",
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
];
