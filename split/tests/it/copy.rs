//! The base copy with several workers and many ranges: rewrites that are tried between two ranges, sessions that are
//! ended, servers and workers that crash. The gate is a lock on the journal's table of ranges: no range can be committed
//! while a test holds it, so what happens meanwhile happens between two ranges, whatever the machine's speed.

use crate::support::cluster::Cluster;
use crate::support::route::Route;
use crate::support::side::Side;
use crate::support::writer::{Load, Writers};
use crate::support::{check, eventually};
use crate::world::{LIMIT, World};
use rerp_split::journal::{self, Wish};
use rerp_split::phase::Phase;
use rerp_split::spec::CopySpec;
use rerp_split::status::Status;
use std::sync::Arc;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// A range per block, slow enough that a test can step in.
const MANY: CopySpec =
    CopySpec { workers: 4, chunk_bytes: 8192, max_bytes_per_second: Some(1 << 20), max_writer_latency_ms: None };

/// Rows whose first half is gone, so that a rewrite moves every row that is left to where ranges have been copied already.
async fn world(rows: u32, copy: CopySpec) -> World {
    let servers = (Arc::new(Cluster::start()), Arc::new(Cluster::start()));
    let world = World::between(servers.0, servers.1).await.filled(rows).await.copied(copy);
    let halve = format!(
        "ALTER TABLE app.email SET (autovacuum_enabled = false); ALTER TABLE app.child SET (autovacuum_enabled = false);
         DELETE FROM app.email WHERE id <= {rows} / 2"
    );
    world.source.admin().await.batch_execute(&halve).await.unwrap();
    world
}

async fn wish(world: &World, source: &Client, advance_to: Phase) {
    journal::ensure(source).await.unwrap();
    let wish = Wish { advance_to, abort: false, suspend: false, services_prepared: true, until: None };
    journal::write_wish(source, &world.migration, &wish).await.unwrap();
}

/// Waits until at least `wanted` ranges of `email` have been committed, and keeps all others from it; returns how many
/// there are.
async fn gate(world: &World, gate: &Client, wanted: i64) -> i64 {
    let there = "SELECT to_regclass('rerp_split.chunk') IS NOT NULL";
    eventually("ranges are copied", LIMIT, || async {
        gate.query_one(there, &[]).await.unwrap().get(0) && ranges(gate).await >= wanted
    })
    .await;
    gate.batch_execute("BEGIN; LOCK TABLE rerp_split.chunk IN SHARE MODE").await.unwrap();
    let (copied, all) = (ranges(gate).await, blocks(&world.source.admin().await).await);
    assert!(copied + 20 < all, "the gate came too late: {copied} of {all} ranges");
    copied
}

async fn open(gate: &Client) {
    gate.batch_execute("COMMIT").await.unwrap();
}

async fn ranges(target: &Client) -> i64 {
    let count = "SELECT count(*) FROM rerp_split.chunk WHERE table_name = 'email'";
    target.query_one(count, &[]).await.unwrap().get(0)
}

/// Blocks of `email`, hence its ranges.
async fn blocks(source: &Client) -> i64 {
    let size = "SELECT pg_relation_size('app.email') / current_setting('block_size')::int8";
    source.query_one(size, &[]).await.unwrap().get(0)
}

/// Ends all `count` sessions of these purposes, once all of them are there. Looks by a session of its own: in a transaction, as that of a gate, what is
/// seen of other sessions stays as it was.
async fn end(world: &World, server: &Side, purposes: &[&str], count: i64) {
    let client = server.admin().await;
    let like: Vec<String> =
        purposes.iter().map(|purpose| format!("rerp-split/{}/%/{purpose}", world.migration)).collect();
    let there = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE ANY($1)";
    eventually("the sessions are there", LIMIT, || async {
        client.query_one(there, &[&like]).await.unwrap().get::<_, i64>(0) == count
    })
    .await;
    // All are told before any is waited for: the worker closes the others as soon as it misses one.
    let end = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE ANY($1)";
    let pids: Vec<i32> = client.query(end, &[&like]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let left = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1)";
    eventually("the sessions end", LIMIT, || async {
        client.query_one(left, &[&pids]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
}

/// A rewrite that doesn't wait long gets no lock.
async fn rewrite_is_kept_out(client: &Client) {
    client.batch_execute("SET lock_timeout = '100ms'").await.unwrap();
    for rewrite in ["VACUUM FULL app.email", "CLUSTER app.child USING child_pkey", "TRUNCATE app.child"] {
        let error = client.batch_execute(rewrite).await.expect_err(rewrite);
        assert_eq!(error.code(), Some(&SqlState::LOCK_NOT_AVAILABLE), "{rewrite}: {error:?}");
    }
}

async fn reached(world: &World, source: &Client, wanted: Phase) -> Status {
    let status = || async { world.status(source).await.unwrap_or_default() };
    eventually("the phase is reached", LIMIT, || async {
        let now = status().await;
        assert!(now.phase <= Phase::Completed, "{now:?}\n{}", world.log());
        now.phase >= wanted
    })
    .await;
    status().await
}

/// The tables that nobody writes are equal, and what the status and the journal say of them is exact.
async fn assert_exact(world: &World, status: &Status) {
    let (from, to) = world.contents().await;
    let still = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().filter(|line| !line.starts_with("item ") && !line.starts_with("entry ")).collect()
    };
    let (from, to) = (still(from), still(to));
    assert_eq!((from.len(), from == to), (to.len(), true), "{}", world.log());
    let target = world.target.admin().await;
    for table in &status.tables {
        let journal = "SELECT count(*), coalesce(max(chunk) + 1, 0), coalesce(sum(rows), 0)::int8, coalesce(sum(bytes), 0)::int8 \
                       FROM rerp_split.chunk WHERE table_name = $1";
        let row = target.query_one(journal, &[&table.name]).await.unwrap();
        let (count, next): (i64, i64) = (row.get(0), row.get(1));
        assert_eq!(count, next, "ranges of {} are numbered without a gap", table.name);
        let (rows, bytes): (i64, i64) = (row.get(2), row.get(3));
        assert_eq!((table.rows, table.bytes, table.total), (rows as u64, bytes as u64, rows as u64), "{}", table.name);
        let lines = to.iter().filter(|line| line.starts_with(&format!("{} ", table.name))).count();
        assert!(["item", "entry"].contains(&table.name.as_str()) || lines as i64 == rows, "{}", table.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_between_two_ranges_whatever_ends_or_wants_to_rewrite() {
    let world = world(24_000, MANY).await;
    let (source, busy) = (world.source.admin().await, world.source.admin().await);
    let load = Load { writers: 4, slow: 1, ..Load::default() };
    let writers = Writers::start(Route::new([world.source.clone(), world.target.clone()], 0), load).await;
    let all = blocks(&source).await;
    wish(&world, &source, Phase::Completed).await;
    let worker = world.worker();

    // Every session that reads is ended: what keeps rewrites out now is the keeper alone.
    let target = world.target.admin().await;
    let first = gate(&world, &target, 10).await;
    rewrite_is_kept_out(&busy).await;
    end(&world, &world.source, &["reader"], 4).await;
    rewrite_is_kept_out(&busy).await;
    open(&target).await;

    // Ranges under way on the target are lost with their sessions, then with the server.
    let second = gate(&world, &target, first + 20).await;
    end(&world, &world.target, &["copy"], 4).await;
    rewrite_is_kept_out(&busy).await;
    open(&target).await;
    let third = gate(&world, &target, second + 20).await;
    world.target.cluster.crash();
    rewrite_is_kept_out(&busy).await;
    world.target.cluster.boot();
    let target = world.target.admin().await;
    assert!(ranges(&target).await >= third, "a range that was committed is gone");

    // A rewrite that waits gets its turn when the last range is done, not before.
    let _ = gate(&world, &target, third + 20).await;
    busy.batch_execute("SET lock_timeout = 0").await.unwrap();
    let rewrite = tokio::spawn(async move { busy.batch_execute("VACUUM FULL app.email").await.unwrap() });
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'app.email'::regclass)";
    eventually("the rewrite waits", LIMIT, || async { source.query_one(waits, &[]).await.unwrap().get(0) }).await;
    open(&target).await;
    rewrite.await.unwrap();
    let (copied, phase) = (ranges(&target).await, world.status(&source).await.unwrap().phase);
    assert_eq!(copied, all, "the rewrite was done before the last range, in {phase}");

    let status = reached(&world, &source, Phase::Completed).await;
    drop(worker);
    writers.more(100).await;
    let ledger = writers.stop().await;
    let verdict = check::compare(&world.target.admin().await, &ledger.acks()).await;
    assert!(verdict.is_clean(), "{verdict:?} {:?}\n{}", ledger.errors(), world.log());
    assert_exact(&world, &status).await;
    let log = world.log();
    let again = log.matches("copy the range again").count();
    assert!((1..=12).contains(&again), "{again} ranges were copied again, one per worker and fault are allowed\n{log}");
    assert_eq!(log.matches("to=Copy").count(), 1, "{log}");
    assert!(!log.contains("try again"), "the copy began from nothing\n{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ranges_of_two_snapshots_never_meet() {
    let world = world(12_000, MANY).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    wish(&world, &source, Phase::ReadyForCutover).await;
    let worker = world.worker();
    let copied = gate(&world, &target, 20).await;
    worker.kill();
    let gone = format!("rerp-split/{}/%", world.migration);
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE $1";
    eventually("the worker's sessions end", LIMIT, || async {
        source.query_one(sessions, &[&gone]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
    // Now every row is somewhere else, and some are new.
    let change = "INSERT INTO app.email (address) SELECT 'new' || n || '@x.y' FROM generate_series(1, 500) n";
    source.batch_execute(change).await.unwrap();
    source.batch_execute("VACUUM FULL app.email").await.unwrap();
    source.batch_execute("VACUUM FULL app.child").await.unwrap();
    open(&target).await;
    let worker = world.worker();

    // A snapshot that is lost while its worker lives: the copy begins from nothing by itself.
    eventually("the first worker's ranges are forgotten", LIMIT, || async { ranges(&target).await < copied }).await;
    gate(&world, &target, 10).await;
    end(&world, &world.source, &["keeper", "reader"], 5).await;
    source.batch_execute("DELETE FROM app.email WHERE id % 3 = 0").await.unwrap();
    source.batch_execute("VACUUM FULL app.email").await.unwrap();
    open(&target).await;

    let status = reached(&world, &source, Phase::ReadyForCutover).await;
    drop(worker);
    assert!(world.log().contains("the session that keeps the snapshot is gone"), "{}", world.log());
    assert_exact(&world, &status).await;
}
