//! Deleting a migration during Copy leaves nothing on either server.

use rerp_e2e::{TestNamespace, TestResult, eventually};

const DATABASES: &str = include_str!("abort/databases.yaml");
const MIGRATION: &str = include_str!("abort/migration.yaml");

/// Everything a split may make: one text per server, equal before and after.
const SIDE_OBJECTS: &str = "SELECT coalesce(string_agg(o, ',' ORDER BY o), '') FROM (
    SELECT 'slot ' || slot_name AS o FROM pg_replication_slots
    UNION ALL SELECT 'publication ' || pubname FROM pg_publication
    UNION ALL SELECT 'subscription ' || subname FROM pg_subscription
    UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
    UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%'
    UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
    UNION ALL SELECT 'table ' || oid::regclass FROM pg_class WHERE relkind IN ('r', 'p', 'S') AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
) x";

#[test]
fn deletion_during_copy_leaves_nothing() -> TestResult {
    TestNamespace::run_test("abort", |ns| {
        ns.apply(DATABASES)?;
        for database in ["sdb/monolith", "sdb/identity-shared", "sdb/identity"] {
            ns.condition(database, "Ready", "True", 180)?;
        }
        ns.condition("rsvc/identity", "Ready", "True", 180)?;
        // Enough rows that the copy takes seconds.
        ns.psql(
            "monolith",
            "monolith",
            "INSERT INTO identity.email_addresses(id, email) \
             SELECT gen_random_uuid(), 'row' || n || '@example.org' FROM generate_series(1, 1500000) n",
        )?;
        let before = (ns.psql("monolith", "monolith", SIDE_OBJECTS)?, ns.psql("identity", "identity", SIDE_OBJECTS)?);
        ns.apply(MIGRATION)?;
        eventually(120, "phase Copy", || {
            let phase =
                ns.run(&["get", "dsm/identity", "-o", "jsonpath={.status.phase}"]).map_err(|e| e.to_string())?;
            if phase == "Copy" { Ok(()) } else { Err(phase) }
        })?;
        ns.run(&["delete", "dsm/identity", "--timeout=120s"])?;
        let after = (ns.psql("monolith", "monolith", SIDE_OBJECTS)?, ns.psql("identity", "identity", SIDE_OBJECTS)?);
        assert_eq!(before, after);
        assert_eq!(ns.psql("monolith", "monolith", "SELECT count(*) >= 1500000 FROM identity.email_addresses")?, "t");
        ns.condition("rsvc/identity", "Ready", "True", 60)?;
        Ok(())
    })
}
