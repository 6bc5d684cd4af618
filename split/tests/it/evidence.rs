//! Who else uses the moving tables: found on the source by statistics and by locks, named, and waited for where that is asked for.

use crate::support::cluster::{Cluster, connect};
use crate::support::eventually;
use crate::world::{LIMIT, World};
use rerp_split::evidence::{SESSION, STATEMENT};
use rerp_split::phase::Phase;
use rerp_split::spec::{EvidenceSpec, Policy};
use rerp_split::status::{Finding, Status};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio_postgres::Client;

/// Personal data in a command: statistics keep it as it is.
const SECRET: &str = "ann@example.com";

/// A server that counts statements, commands too.
async fn counting() -> Arc<Cluster> {
    let cluster = Arc::new(Cluster::start());
    let admin = cluster.client("postgres").await;
    admin.batch_execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'").await.unwrap();
    drop(admin);
    let restarted = Arc::clone(&cluster);
    tokio::task::spawn_blocking(move || restarted.restart()).await.unwrap();
    cluster
}

/// `report` reads by way of a view and by name, `dump` by a cursor, `other` uses a table of the same name elsewhere.
async fn others(world: &World) -> Client {
    let source = world.source.admin().await;
    let (d, owner) = (&world.source.database, &world.source.roles.owner);
    let sql = format!(
        "CREATE EXTENSION pg_stat_statements SCHEMA public;
         CREATE ROLE {d}_report LOGIN; CREATE ROLE {d}_dump LOGIN; CREATE ROLE {d}_other LOGIN;
         CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.email (id int); GRANT USAGE ON SCHEMA elsewhere TO {d}_other;
         GRANT SELECT ON elsewhere.email TO {d}_other; ALTER ROLE {d}_other SET search_path = elsewhere;
         ALTER ROLE {d}_report SET search_path = app;
         GRANT USAGE ON SCHEMA app TO {d}_report, {d}_dump; GRANT SELECT ON app.email, app.child TO {d}_report, {d}_dump;
         CREATE VIEW app.seen AS SELECT id FROM app.child; ALTER VIEW app.seen OWNER TO {owner};
         GRANT SELECT ON app.seen TO {d}_report"
    );
    source.batch_execute(&sql).await.unwrap();
    source
}

async fn session(world: &World, role: &str, application: &str) -> Client {
    let mut config = world.source.cluster.config(&format!("{}_{role}", world.source.database), &world.source.database);
    connect(config.application_name(application)).await
}

fn named(findings: &[Finding], id: &str) -> BTreeSet<String> {
    let of = findings.iter().filter(|finding| finding.id == id);
    of.map(|finding| finding.object.rsplit('_').next().unwrap().to_owned()).collect()
}

async fn status(world: &World, source: &Client) -> Status {
    world.status(source).await.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn others_are_named_and_the_switch_waits_until_they_have_stopped() {
    let wanted = EvidenceSpec { policy: Policy::Require, quiet_for_s: 3 };
    let world =
        World::between(counting().await, Arc::new(Cluster::start())).await.filled(200).await.with_evidence(wanted);
    let source = others(&world).await;
    let report = session(&world, "report", "reports").await;
    // Before the copy: counts for nothing.
    report.query("SELECT count(*) FROM email WHERE id > 3", &[]).await.unwrap();
    world.succeeds("run", &["--advance-to", "Verify"]).await;

    let dump = session(&world, "dump", "backup").await;
    let other = session(&world, "other", "elsewhere").await;
    report.query("SELECT id FROM seen WHERE id IS NOT NULL", &[]).await.unwrap();
    report.query("SELECT id FROM email WHERE id = 4", &[]).await.unwrap();
    other.query("SELECT id FROM email WHERE id = 4", &[]).await.unwrap();
    world.source.app().await.query("SELECT count(*) FROM email", &[]).await.unwrap();
    let cursor = format!("BEGIN; DECLARE c CURSOR FOR SELECT id FROM app.email WHERE '{SECRET}' <> ''");
    dump.batch_execute(&cursor).await.unwrap();

    let mut process = world.command("run");
    process.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = process.spawn().unwrap();
    let looked = || async { status(&world, &source).await.evidence.is_some_and(|seen| seen.closed.is_some()) };
    eventually("the gate is closed", LIMIT, looked).await;
    let seen = status(&world, &source).await;
    assert_eq!(seen.phase, Phase::ReadyForCutover);
    let why = seen.evidence.clone().unwrap().closed.unwrap();
    assert!(why.contains(&format!("{}_report", world.source.database)), "{why}");
    assert_eq!(named(&seen.findings, STATEMENT), BTreeSet::from(["dump".into(), "report".into()]), "{seen:#?}");
    assert_eq!(named(&seen.findings, SESSION), BTreeSet::from(["dump".into()]), "{seen:#?}");
    let reads = seen.findings.iter().filter(|one| one.id == STATEMENT && one.object.ends_with("_report"));
    assert_eq!(reads.count(), 2, "by name and by way of a view, and nothing from before: {seen:#?}");
    assert!(!serde_json::to_string(&seen).unwrap().contains(SECRET), "{seen:#?}");

    // Nobody is at it any more, so after a while the gate opens by itself.
    drop((dump, report, other));
    let ended = || std::future::ready(child.try_wait().unwrap().is_some());
    eventually("the move ends", LIMIT, ended).await;
    assert!(child.wait().unwrap().success());
    let done = status(&world, &source).await;
    assert_eq!(done.phase, Phase::Completed);
    assert_eq!(done.evidence.unwrap().closed, None);
}

/// Somebody with a schema of its own, on its search path before the server's, has statements that are looked at in the worker's name. What
/// it has called like what the worker uses must not run: a sequence would tell, since nothing rolls it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_elses_operators_are_taken_for_the_servers() {
    let world = World::between(counting().await, Arc::new(Cluster::start())).await.filled(20).await;
    let (source, d) = (world.source.admin().await, &world.source.database);
    let mut trap = format!(
        "CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE ROLE {d}_evil LOGIN; CREATE SCHEMA evil AUTHORIZATION {d}_evil;
         ALTER ROLE {d}_evil SET search_path = evil, pg_catalog; CREATE SEQUENCE evil.caught; GRANT ALL ON SEQUENCE evil.caught TO PUBLIC;"
    );
    for kind in ["int4", "text", "oid", "name"] {
        trap += &format!(
            "CREATE FUNCTION evil.same(a {kind}, b {kind}) RETURNS boolean LANGUAGE plpgsql AS $$
               BEGIN PERFORM pg_catalog.nextval('evil.caught'); RETURN true; END $$;
             CREATE OPERATOR evil.= (LEFTARG = {kind}, RIGHTARG = {kind}, FUNCTION = evil.same);"
        );
    }
    source.batch_execute(&trap).await.unwrap();
    let evil = session(&world, "evil", "trap").await;
    evil.query("SELECT 1 AS email", &[]).await.unwrap();
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    let row = source.query_one("SELECT is_called FROM evil.caught", &[]).await.unwrap();
    assert!(!row.get::<_, bool>(0), "a function of evil has run");
    assert_eq!(named(&status(&world, &source).await.findings, STATEMENT), BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_statements_are_not_counted_it_is_said_and_only_a_gate_waits() {
    let world = World::new(20).await;
    world.succeeds("run", &["--advance-to", "Completed"]).await;
    let source = world.source.admin().await;
    let seen = status(&world, &source).await;
    let told = seen.findings.iter().find(|finding| finding.id == "statement-statistics").unwrap();
    assert!(told.message.starts_with("pg_stat_statements is not installed"), "{told:?}");
    assert!(told.fix.contains("CREATE EXTENSION pg_stat_statements"), "{told:?}");
}
