//! The wait for the old tables: who is noticed, and by what name.

use super::{LONG, Reaped, old, quiet, remembered};
use crate::support::cluster::{self, Cluster};
use crate::support::eventually;
use crate::world::{LIMIT, World};
use rerp_split::journal::{self, Wish};
use rerp_split::phase::Phase;
use rerp_split::spec::CleanupPolicy;
use std::process::Stdio;
use std::sync::Arc;

/// Who reads an old table makes the wait begin anew and is named; a restart of the worker, or of the server, changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_is_noticed_and_a_restart_is_not() {
    let own = Arc::new(Cluster::start());
    let world = World::between(own.clone(), cluster::shared().1).await.filled(100).await;
    let world = world.cleaned(old(CleanupPolicy::Rename, LONG, None));
    let source = world.source.admin().await;
    let command = world.command("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut command = Reaped(command);
    let first = quiet(&world, &source, None).await;
    command.end();
    let worker = world.worker();
    let looked = || async { world.log().contains("worker has taken over") };
    eventually("another worker is at it", LIMIT, looked).await;
    drop(source);
    let server = own.clone();
    tokio::task::spawn_blocking(move || server.restart()).await.unwrap();
    let source = world.source.admin().await;
    assert_eq!(remembered(&world, &source).await, first);
    let holder = world.source.admin().await;
    // A lock is no read, but whoever holds one can be seen.
    let hold = "SET application_name = 'weekly'; BEGIN; LOCK TABLE app.email IN ACCESS SHARE MODE";
    holder.batch_execute(hold).await.unwrap();
    let reader = world.source.admin().await;
    reader.batch_execute("SELECT count(*) FROM app.email; SELECT pg_stat_force_next_flush()").await.unwrap();
    let second = quiet(&world, &source, Some(&first)).await;
    let anew = second.quiet.as_ref().unwrap().anew.clone().unwrap();
    assert!(anew.contains("email was read; at it now: postgres (weekly)"), "{anew}");
    holder.batch_execute("COMMIT").await.unwrap();
    source.batch_execute("SELECT pg_stat_reset()").await.unwrap();
    let third = quiet(&world, &source, Some(&second)).await;
    assert!(third.quiet.unwrap().anew.unwrap().contains("counters were reset"));
    let cleanup = world.status(&source).await.unwrap().cleanup.unwrap();
    let wait = cleanup.until.unwrap().duration_since(cleanup.quiet_since.unwrap());
    assert_eq!(wait.as_secs(), LONG as i64, "all of it, from the reset on");
    drop(worker);
}

/// After a crash the counters begin at nothing: that they are as high as before says nothing. Where nothing is counted that is in the
/// way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_is_noticed_however_high_the_counters_are_again() {
    let own = Arc::new(Cluster::start());
    let world = World::between(own.clone(), cluster::shared().1).await.filled(100).await;
    let world = world.cleaned(old(CleanupPolicy::Rename, LONG, None));
    let source = world.source.admin().await;
    let mut command = Reaped(world.command("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let first = quiet(&world, &source, None).await;
    source.batch_execute("SELECT pg_stat_reset()").await.unwrap();
    let second = quiet(&world, &source, Some(&first)).await;
    let read = "SELECT count(*) FROM app.email; SELECT pg_stat_force_next_flush()";
    source.batch_execute(read).await.unwrap();
    let third = quiet(&world, &source, Some(&second)).await;
    command.end();
    drop(source);
    let server = own.clone();
    let crash = move || {
        server.crash();
        server.boot();
    };
    tokio::task::spawn_blocking(crash).await.unwrap();
    let source = world.source.admin().await;
    source.batch_execute(read).await.unwrap();
    let worker = world.worker();
    let [before, after] =
        [third.clone(), quiet(&world, &source, Some(&third)).await].map(|memory| memory.quiet.unwrap());
    assert_eq!(after.look.counters, before.look.counters, "as high as before");
    assert!(after.anew.as_ref().unwrap().contains("lost in a crash"), "{after:?}");

    let database = &world.source.database;
    source.batch_execute(&format!("ALTER DATABASE {database} SET track_counts = off")).await.unwrap();
    let told = || async {
        let findings = world.status(&source).await.unwrap().findings;
        findings.iter().any(|found| found.id == "old-table-uncounted")
    };
    eventually("it is told that nothing is counted", LIMIT, told).await;
    drop(worker);
}

/// Whose statements name the table is told where the server counts them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_whose_statements_name_a_table_are_told() {
    let own = Arc::new(Cluster::start());
    let admin = own.client("postgres").await;
    let there = "SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'";
    if admin.query(there, &[]).await.unwrap().is_empty() {
        println!("not tried: this server comes without pg_stat_statements");
        return;
    }
    admin.batch_execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'").await.unwrap();
    drop(admin);
    let server = own.clone();
    tokio::task::spawn_blocking(move || server.restart()).await.unwrap();
    let world =
        World::between(own, cluster::shared().1).await.filled(20).await.cleaned(old(CleanupPolicy::Rename, LONG, None));
    let source = world.source.admin().await;
    source.batch_execute("CREATE EXTENSION pg_stat_statements SCHEMA public").await.unwrap();
    let worker = world.worker();
    let wish =
        Wish { advance_to: Phase::Completed, abort: false, suspend: false, services_prepared: true, until: None };
    journal::ensure(&source).await.unwrap();
    journal::write_wish(&source, &world.migration, &wish).await.unwrap();
    let first = quiet(&world, &source, None).await;
    let report = format!("{}_report", world.source.database);
    let grant = format!(
        "CREATE ROLE {report} LOGIN; GRANT USAGE ON SCHEMA app TO {report}; GRANT SELECT ON app.email TO {report}"
    );
    source.batch_execute(&grant).await.unwrap();
    let config = world.source.cluster.config(&report, &world.source.database);
    let (reader, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    let ended = tokio::spawn(connection);
    reader.batch_execute("SELECT count(*) FROM app.email").await.unwrap();
    drop(reader);
    ended.await.unwrap().unwrap();
    let second = quiet(&world, &source, Some(&first)).await;
    let anew = second.quiet.unwrap().anew.unwrap();
    assert!(anew.contains(&format!("email was read; by their statements: {report}")), "{anew}");
    drop(worker);
}
