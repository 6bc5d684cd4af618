//! What keeps the moving definitions still, what the plan shows, and moving only some tables.

use crate::support::eventually;
use crate::world::{LIMIT, World, catalog};
use rerp_split::failpoint::VARIABLE;
use rerp_split::journal::{self, Wish};
use rerp_split::phase::Phase;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ddl_on_what_moves_is_refused_and_all_else_goes_on() {
    let world = World::new(500).await;
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    let (migrate, admin) = (world.source.migrate().await, world.source.admin().await);
    for refused in [
        "ALTER TABLE app.email ADD COLUMN x int",
        "CREATE TABLE app.more (id int PRIMARY KEY)",
        "CREATE INDEX more ON app.email (at)",
        "DROP TABLE app.nothing_in_it",
        "ALTER TYPE app.mood ADD VALUE 'new'",
        "CREATE OR REPLACE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "ALTER TABLE app.child DISABLE ROW LEVEL SECURITY",
    ] {
        let error = migrate.batch_execute(refused).await.expect_err(refused);
        let message = error.as_db_error().unwrap().message();
        assert!(message.contains(&format!("migration {} is moving", world.migration)), "{refused}: {message}");
    }
    migrate.batch_execute("CREATE TABLE IF NOT EXISTS app.email (id int)").await.unwrap();
    migrate.batch_execute("CREATE TEMP TABLE t (id int); DROP TABLE t").await.unwrap();
    admin.batch_execute("CREATE SCHEMA other; CREATE TABLE other.t (id int); DROP SCHEMA other CASCADE").await.unwrap();
    admin.batch_execute("GRANT SELECT ON app.email TO postgres").await.unwrap();
    admin.batch_execute("VACUUM FULL app.email").await.unwrap();
    world.succeeds("run", &[]).await;
    let (from, to) = world.contents().await;
    assert_eq!(from, to);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_that_changes_all_the_same_ends_the_migration() {
    let world = World::new(500).await;
    world.succeeds("run", &["--advance-to", "Prepare"]).await;
    let admin = world.source.admin().await;
    let change = format!("SET rerp_split.migration = '{}'; ALTER TABLE app.email ADD COLUMN x int", world.migration);
    admin.batch_execute(&change).await.unwrap();
    let output = world.run("run", &[]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("has changed since the plan was made"), "{text}");
    world.succeeds("abort", &[]).await;
}

/// Between preflight and the making of the tables somebody puts something there; an abort must not take it for the migration's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_put_into_the_targets_schema_is_named_and_stays() {
    let world = World::new(100).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    journal::ensure(&source).await.unwrap();
    let wish =
        Wish { advance_to: Phase::Completed, abort: false, suspend: false, services_prepared: true, until: None };
    journal::write_wish(&source, &world.migration, &wish).await.unwrap();
    let mut worker = world.worker_with("killed.log", &[(VARIABLE, "PreDataDumped=kill".to_owned())]);
    eventually("the worker is killed", LIMIT, || std::future::ready(worker.ended().is_some())).await;
    target.batch_execute("CREATE TABLE app.mine (id int PRIMARY KEY); INSERT INTO app.mine VALUES (7)").await.unwrap();
    let worker = world.worker();
    let failed = || async {
        let status = world.status(&source).await.unwrap();
        status.failure.is_some_and(|failure| failure.contains("table app.mine, which the migration did not make"))
    };
    eventually("the migration fails", LIMIT, failed).await;
    drop(worker);
    world.succeeds("abort", &[]).await;
    assert_eq!(target.query_one("SELECT id FROM app.mine", &[]).await.unwrap().get::<_, i32>(0), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_the_same_each_time_and_holds_no_secret() {
    let world = World::new(100).await.with_way_back();
    let (first, second) = (world.run("plan", &[]).await, world.run("plan", &[]).await);
    let text = String::from_utf8_lossy(&first.stdout).into_owned();
    assert!(first.status.success(), "{text}{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(text, String::from_utf8_lossy(&second.stdout));
    for part in [
        "CREATE PUBLICATION \"rerp_",
        "CREATE_REPLICATION_SLOT",
        "CREATE TABLE app.\"Odd Näme\"",
        "CREATE UNIQUE INDEX email_lowered",
        "COPY (SELECT \"id\", \"address\", \"touched\", \"at\" FROM ONLY \"app\".\"email\" WHERE ctid >= '(:from,0)' AND \
         ctid < '(:to,0)') TO STDOUT (FORMAT binary)",
        "IN EXCLUSIVE MODE",
        "SELECT pg_create_logical_replication_slot('rerp_",
        "DROP SUBSCRIPTION %I",
        "pg_replication_origin_advance",
        "DROP SUBSCRIPTION :subscription",
        "-- plan hash sha256:",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains("postgresql://") && !text.contains("SCRAM-SHA"), "{text}");
    world.source.migrate().await.batch_execute("ALTER TABLE app.email ADD COLUMN x int").await.unwrap();
    let third = world.run("plan", &[]).await;
    let hash = |text: &str| text.lines().last().unwrap_or_default().to_owned();
    assert_ne!(hash(&String::from_utf8_lossy(&third.stdout)), hash(&text), "another schema is another plan");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn some_tables_of_a_schema_move_and_the_others_stay() {
    let world = World::some(1_000, &["Odd Näme", "no_pk"]).await;
    let target = world.target.admin().await;
    let before = catalog(&target).await;
    let output = world.run("run", &["--advance-to", "ReadyForCutover"]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let migrate = world.source.migrate().await;
    migrate.batch_execute("ALTER TABLE app.email ADD COLUMN stays int").await.unwrap();
    assert!(migrate.batch_execute("ALTER TABLE app.no_pk ADD COLUMN moves int").await.is_err());
    world.succeeds("abort", &[]).await;
    assert_eq!(catalog(&target).await, before);

    let output = world.run("run", &[]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let (from, to) = world.contents().await;
    let moved = |line: &&String| line.starts_with("Odd Näme ") || line.starts_with("no_pk ");
    assert_eq!(from.iter().filter(moved).collect::<Vec<_>>(), to.iter().collect::<Vec<_>>());
    let source = world.source.app().await;
    source.batch_execute("INSERT INTO app.email (address) VALUES ('stays@x.y')").await.unwrap();
    assert!(source.batch_execute("INSERT INTO app.no_pk VALUES ('closed', 1)").await.is_err());
    world.target.app().await.batch_execute("INSERT INTO app.no_pk VALUES ('open', 1)").await.unwrap();
}
