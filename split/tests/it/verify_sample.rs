//! The comparison of a sample: what it leaves out is told, what it looks at is found, and who comes later goes on.

use crate::support::eventually;
use crate::world::{LIMIT, World};
use rerp_split::failpoint::{GO, VARIABLE};
use rerp_split::spec::{BackupSpec, CleanupPolicy, CleanupSpec, VerificationMode, VerificationSpec};
use std::process::Stdio;
use tokio_postgres::Client;

/// About 30 ranges, of which one has to be compared.
const BIG: &str = "CREATE TABLE app.big (id int PRIMARY KEY, v text); \
                   INSERT INTO app.big SELECT n, 'v' || n FROM generate_series(1, 300000) n";
const SAMPLE: VerificationSpec = VerificationSpec { mode: VerificationMode::Sample, max_duration_s: Some(1) };
const READY: [&str; 2] = ["--advance-to", "ReadyForCutover"];

async fn world() -> World {
    let world = World::new(500).await.compared(SAMPLE);
    world.source.migrate().await.batch_execute(BIG).await.unwrap();
    world
}

async fn count(client: &Client, select: &str) -> i64 {
    client.query_one(select, &[]).await.unwrap().get(0)
}

/// Table, number and time of what has been compared.
async fn compared(world: &World, source: &Client) -> Vec<(String, i64, f64)> {
    let select = "SELECT table_name, number, ms FROM rerp_split.verify_range WHERE migration = $1 AND rows IS NOT NULL ORDER BY 1, 2";
    let rows = source.query(select, &[&world.migration]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

/// Lets a process come to its first chunk, and stand there until the time is over.
async fn runs_out_of_time(world: &World, source: &Client) -> String {
    let mut process = world.command("run");
    process.args(READY).env(VARIABLE, "ChunkCompared=wait").env(GO, world.path("go"));
    let child = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let name = format!("rerp-split/{}/%/verify", world.migration);
    let stands = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE $1 AND state = 'idle' \
                  AND query LIKE '%bit_xor%' AND now() - state_change > interval '1.2 s')";
    let over = || async { source.query_one(stands, &[&name]).await.unwrap().get(0) };
    eventually("the time is over", LIMIT, over).await;
    std::fs::write(world.path("go"), "").unwrap();
    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sample_goes_on_after_a_kill_ends_in_time_and_nothing_is_dropped_after_it() {
    let world = world().await;
    let source = world.source.admin().await;
    let tables =
        count(&source, "SELECT count(*) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'");
    let tables = usize::try_from(tables.await).unwrap();
    let mut process = world.command("run");
    process.args(READY).env(VARIABLE, format!("ChunkRecorded=kill:{tables}"));
    let killed = tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap();
    assert_eq!(killed.status.code(), None, "{}", String::from_utf8_lossy(&killed.stdout));
    let before = compared(&world, &source).await;
    let mut names: Vec<_> = before.iter().map(|(table, ..)| table.clone()).collect();
    names.dedup();
    assert_eq!((before.len(), names.len()), (tables, tables), "one range of each comes first: {before:?}");

    let text = runs_out_of_time(&world, &source).await;
    assert!(text.starts_with("ReadyForCutover: ready") && text.contains("% of the rows were compared"), "{text}");
    let after = compared(&world, &source).await;
    assert!(before.iter().all(|range| after.contains(range)), "nothing is compared again: {before:?} {after:?}");
    assert_eq!(after.len(), tables + 1, "the time is over");

    let seen = world.status(&source).await.unwrap().verification.unwrap();
    let (from, _) = world.contents().await;
    let share = seen.rows as f64 / from.len() as f64;
    assert!(seen.coverage < 0.9 && (seen.coverage - share).abs() < 0.01, "{seen:?} is {share}");
    let ranges = count(&source, "SELECT count(*) FROM rerp_split.verify_range").await;
    assert_eq!(seen.left_out, Some(ranges.unsigned_abs() - after.len() as u64), "{seen:?}");
    let output = world.run("verify", &[]).await;
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && words.contains("are the same on both sides"), "{words}");

    nothing_is_dropped(world, &source).await;
}

/// Neither together with the sample, nor later, when the spec says nothing of one any more.
async fn nothing_is_dropped(world: World, source: &Client) {
    let drops = CleanupSpec { policy: CleanupPolicy::Drop, after_s: 1, backup: Some(BackupSpec::None) };
    let world = world.cleaned(drops.clone());
    let output = world.run("run", &[]).await;
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), words.contains("--verification full")), (Some(2), true), "{words}");
    let world = world.compared(VerificationSpec::default());
    let output = world.run("run", &[]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!((output.status.code(), text.contains("fatal old-table-sampled")), (Some(2), true), "{text}");
    assert_eq!(count(source, "SELECT count(*) FROM app.big").await, 300_000);
    let world = world.cleaned(CleanupSpec::default());
    let text = world.succeeds("run", &[]).await;
    assert!(text.starts_with("Completed") && !text.contains("old-table-sampled"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_difference_in_what_a_sample_looks_at_blocks_the_switch() {
    let world = world().await;
    world.succeeds("run", &["--advance-to", "CatchUp"]).await;
    let tamper = "SET session_replication_role = replica; DELETE FROM app.big WHERE id % 500 = 0";
    world.target.admin().await.batch_execute(tamper).await.unwrap();
    let output = world.run("run", &[]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.starts_with("Failed") && text.contains("rows differ: big ("), "{text}");
    let owner = rerp_split::journal::read_owner(&world.source.admin().await, "app").await.unwrap().unwrap();
    assert!(owner.is_owner, "the source stays open");
    world.succeeds("abort", &[]).await;
}
