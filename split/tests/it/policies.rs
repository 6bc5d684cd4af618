//! Row level security moves: the target has the source's policies before it opens, and a change of them in between is noticed.

use crate::world::World;
use rerp_split::inspect::schema_hash;
use tokio_postgres::Client;

/// As services have them: binding the owner, looking into another table, going by what a transaction is told.
const POLICIES: &str = "SET search_path = app;
    ALTER TABLE email ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON email
        USING (EXISTS (SELECT FROM child AS c WHERE c.email_id = email.id
            AND c.id = ANY ((SELECT string_to_array(NULLIF(current_setting('rerp.accounts', true), ''), ',')::uuid[])::uuid[])))
        WITH CHECK (address = (SELECT NULLIF(current_setting('rerp.subject', true), '')));
    CREATE POLICY platform ON email USING ((SELECT current_setting('rerp.work', true)) = 'on')";

const SECURITY: &str = "SELECT coalesce(string_agg(line, E'\n' ORDER BY line COLLATE \"C\"), '') FROM (
    SELECT format('%s %s %s', relname, relrowsecurity, relforcerowsecurity) AS line
    FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'
    UNION ALL SELECT format('%s %s %s %s %s', c.relname, p.polname, p.polcmd, pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid))
    FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid WHERE c.relnamespace = 'app'::regnamespace) AS lines";

async fn security(client: &Client) -> String {
    client.query_one(SECURITY, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_target_has_the_policies_of_the_source_before_it_opens() {
    let world = World::new(1_000).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    world.source.migrate().await.batch_execute(POLICIES).await.unwrap();
    let rows = "SELECT count(*) FROM app.email";
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    let there = security(&source).await;
    assert_eq!(security(&target).await, there);
    for policy in ["email tenant *", "email platform *", "child all_of_it *", "email t t"] {
        assert!(there.contains(policy), "{policy}: {there}");
    }
    let count = async |client: &Client| client.query_one(rows, &[]).await.unwrap().get::<_, i64>(0);
    let all = count(&source).await;
    assert!(all > 0 && count(&target).await == all, "policies hide nothing from the copy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_of_policies_is_another_schema() {
    let world = World::new(10).await;
    let (admin, migrate) = (world.source.admin().await, world.source.migrate().await);
    admin.batch_execute("SET search_path = pg_catalog").await.unwrap();
    migrate.batch_execute(POLICIES).await.unwrap();
    let hash = async || schema_hash(&admin, "app", None, &[]).await.unwrap();
    let mut before = hash().await;
    for change in [
        "ALTER POLICY platform ON app.email USING (true)",
        "ALTER POLICY tenant ON app.email WITH CHECK (true)",
        "DROP POLICY platform ON app.email",
        "ALTER TABLE app.email NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE app.email DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY another ON app.email USING (false)",
    ] {
        migrate.batch_execute(change).await.unwrap();
        let after = hash().await;
        assert_ne!(after, before, "{change}");
        before = after;
    }
    assert_eq!(hash().await, before);
}
