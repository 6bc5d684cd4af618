//! Deleting a ServiceDatabase keeps its data; applying it again serves the same rows.

use rerp_e2e::{TestNamespace, TestResult, eventually};

const MONOLITH: &str = "apiVersion: rerp.dev/v1alpha1\nkind: ServiceDatabase\nmetadata: {name: monolith}\n\
    spec: {engine: {embedded: {version: 17, storage: 1Gi}}, schemas: [notes]}\n";
const SHARED: &str = "apiVersion: rerp.dev/v1alpha1\nkind: ServiceDatabase\nmetadata: {name: diary}\n\
    spec: {engine: {shared: {databaseRef: {name: monolith}, schema: diary}}}\n";

fn gone(ns: &TestNamespace, object: &str) -> TestResult {
    eventually(90, &format!("{object} to be gone"), || {
        let left = ns.run(&["get", object, "--ignore-not-found", "-o", "name"]).map_err(|e| e.to_string())?;
        if left.is_empty() { Ok(()) } else { Err(left) }
    })?;
    Ok(())
}

#[test]
fn an_embedded_and_a_shared_database_survive_their_objects() -> TestResult {
    TestNamespace::run_test("retain", |ns| {
        ns.apply(&format!("{MONOLITH}---\n{SHARED}"))?;
        ns.condition("sdb/monolith", "Ready", "True", 180)?;
        ns.condition("sdb/diary", "Ready", "True", 90)?;
        ns.psql(
            "monolith",
            "monolith",
            "CREATE TABLE notes.kept(n int); INSERT INTO notes.kept SELECT generate_series(1, 1000)",
        )?;
        ns.psql("monolith", "monolith", "CREATE TABLE diary.kept AS SELECT generate_series(1, 500) AS n")?;

        ns.run(&["delete", "sdb/diary", "--timeout=90s"])?;
        ns.run(&["delete", "sdb/monolith", "--timeout=90s"])?;
        gone(ns, "statefulset/monolith-postgres")?;
        gone(ns, "pod/monolith-postgres-0")?;

        ns.apply(&format!("{MONOLITH}---\n{SHARED}"))?;
        ns.condition("sdb/monolith", "Ready", "True", 180)?;
        ns.condition("sdb/diary", "Ready", "True", 90)?;
        assert_eq!(ns.psql("monolith", "monolith", "SELECT count(*) FROM notes.kept")?, "1000");
        assert_eq!(ns.psql("monolith", "monolith", "SELECT count(*) FROM diary.kept")?, "500");
        Ok(())
    })
}
