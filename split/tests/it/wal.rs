//! What slots keep of their servers' WAL: told beforehand, watched, and let go before it is too much; how the copy gives way to
//! writers. On servers of their own, whose settings and WAL are nobody else's.

use crate::support::cluster::{self, Cluster};
use crate::support::eventually;
use crate::support::side::Side;
use crate::world::{LIMIT, World, catalog};
use rerp_split::journal::{self, Wish};
use rerp_split::phase::Phase;
use rerp_split::preflight::Check;
use rerp_split::run::{COPY_UNBOUNDED, look};
use rerp_split::spec::CopySpec;
use rerp_split::status::{CopyStatus, Finding, Severity, Status};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

const MB: u64 = 1 << 20;
/// A range per block, slow enough that a test can step in.
const MANY: CopySpec =
    CopySpec { workers: 4, chunk_bytes: 8192, max_bytes_per_second: Some(MB), max_writer_latency_ms: None };

/// Writes WAL that is nobody's, up to ten megabytes a second, until it is dropped.
struct Flood(JoinHandle<()>);

impl Flood {
    async fn over(side: &Side) -> Self {
        let client = side.admin().await;
        let emit = "SELECT pg_logical_emit_message(false, 'flood', repeat('x', 1 << 20))";
        Self(tokio::spawn(async move {
            loop {
                client.batch_execute(emit).await.unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }))
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A world whose source is its own server.
async fn apart(rows: u32) -> World {
    World::between(Arc::new(Cluster::start()), cluster::shared().1).await.filled(rows).await
}

async fn wish(world: &World, source: &Client, advance_to: Phase, abort: bool) {
    journal::ensure(source).await.unwrap();
    let wish = Wish { advance_to, abort, suspend: false, services_prepared: true, until: None };
    journal::write_wish(source, &world.migration, &wish).await.unwrap();
}

/// Waits until the status is as it should be; returns it.
async fn until(world: &World, source: &Client, what: &str, is: impl Fn(&Status) -> bool) -> Status {
    let status = || async { world.status(source).await.unwrap_or_default() };
    eventually(what, LIMIT, || async { is(&status().await) }).await;
    status().await
}

/// A copy that stands still between two ranges, until the gate is opened.
async fn gate(world: &World) -> Client {
    let gate = world.target.admin().await;
    let there = "SELECT to_regclass('rerp_split.chunk') IS NOT NULL";
    let ranges = "SELECT count(*) FROM rerp_split.chunk WHERE table_name = 'email'";
    eventually("ranges are copied", LIMIT, || async {
        gate.query_one(there, &[]).await.unwrap().get(0)
            && gate.query_one(ranges, &[]).await.unwrap().get::<_, i64>(0) >= 5
    })
    .await;
    gate.batch_execute("BEGIN; LOCK TABLE rerp_split.chunk IN SHARE MODE").await.unwrap();
    gate
}

async fn set(client: &Client, settings: &[&str]) {
    for setting in settings {
        client.batch_execute(&format!("ALTER SYSTEM {setting}")).await.unwrap();
    }
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
}

/// Slots and subscriptions of this database.
async fn streams(client: &Client) -> Vec<String> {
    let all = catalog(client).await;
    all.into_iter().filter(|name| name.starts_with("slot ") || name.starts_with("subscription ")).collect()
}

async fn forecast(world: &World) -> Option<Finding> {
    let (.., findings) = look(&world.reader()).await.unwrap();
    findings.into_iter().find(|finding| finding.id == Check::SlotWalForecast.id())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_writes_now_tells_whether_the_slot_can_wait() {
    let world = apart(500).await.keeping(64 * MB);
    eventually("a server that rests", LIMIT, || async { forecast(&world).await.is_none() }).await;
    let flood = Flood::over(&world.source).await;
    eventually("the flood is foreseen", LIMIT, || async { forecast(&world).await.is_some() }).await;
    let found = forecast(&world).await.unwrap();
    assert_eq!(found.severity, Severity::Warning);
    assert!(found.fix.contains("--max-retained-wal-bytes") && found.message.contains("67.1 MB"), "{found:?}");
    drop(flood);
}

/// The setting is made narrower while rows are copied, as it may have been too wide for the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_is_given_up_before_its_slot_is_lost_and_nothing_is_kept() {
    let world = apart(24_000).await.copied(MANY);
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let before = (catalog(&source).await, catalog(&target).await);
    wish(&world, &source, Phase::Completed, false).await;
    let worker = world.worker();
    let gate = gate(&world).await;
    set(&source, &["SET max_slot_wal_keep_size = '128MB'"]).await;
    let seen = until(&world, &source, "the room is shown", |status| {
        status.replication.as_ref().is_some_and(|stream| stream.wal_room_bytes.is_some())
    })
    .await;
    assert_eq!(seen.phase, Phase::Copy, "{seen:?}");
    let flood = Flood::over(&world.source).await;
    let lost = "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE wal_status = 'lost')";
    eventually("the copy is given up", LIMIT, || async {
        // A checkpoint is what takes a slot.
        source.batch_execute("CHECKPOINT").await.unwrap();
        assert!(!source.query_one(lost, &[]).await.unwrap().get::<_, bool>(0), "{}", world.log());
        world.status(&source).await.unwrap().phase == Phase::Failed
    })
    .await;
    let failure = world.status(&source).await.unwrap().failure.unwrap();
    assert!(failure.contains("raise max_slot_wal_keep_size of the source"), "{failure}");
    let released = || async { streams(&source).await.is_empty() && streams(&target).await.is_empty() };
    eventually("nothing keeps WAL any more", LIMIT, released).await;
    until(&world, &source, "nor is anything shown", |status| status.replication.is_none()).await;
    drop(flood);
    world.source.app().await.batch_execute("INSERT INTO app.no_pk VALUES ('open', 1)").await.unwrap();

    gate.batch_execute("COMMIT").await.unwrap();
    wish(&world, &source, Phase::Completed, true).await;
    until(&world, &source, "it is taken back", |status| status.phase == Phase::Aborted).await;
    drop(worker);
    for client in [&source, &target] {
        let forgotten = || async { journal::forget(client, &world.migration).await.is_ok() };
        eventually("the journal is forgotten", LIMIT, forgotten).await;
    }
    assert_eq!((catalog(&source).await, catalog(&target).await), before);
}

/// With its bound the copy would take minutes, and the slot would be full after half of one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_that_is_late_goes_on_without_its_bound() {
    let slow = CopySpec { max_bytes_per_second: Some(65_536), ..MANY };
    let world = apart(48_000).await.copied(slow).keeping(512 * MB);
    let source = world.source.admin().await;
    wish(&world, &source, Phase::ReadyForCutover, false).await;
    let worker = world.worker();
    let bounded = |status: &Status| status.copy.as_ref().and_then(|copy| copy.max_bytes_per_second) == Some(65_536);
    until(&world, &source, "it is bounded", bounded).await;
    let flood = Flood::over(&world.source).await;
    let told = |status: &Status| status.findings.iter().any(|finding| finding.id == COPY_UNBOUNDED);
    until(&world, &source, "the bound is lifted", told).await;
    drop(flood);
    let status = until(&world, &source, "it is ready", |status| status.phase >= Phase::ReadyForCutover).await;
    drop(worker);
    assert_eq!(status.phase, Phase::ReadyForCutover, "{status:?}\n{}", world.log());
    let sum = |of: fn(&rerp_split::status::TableStatus) -> u64| status.tables.iter().map(of).sum::<u64>();
    let (bytes, total_bytes) = (sum(|table| table.bytes), sum(|table| table.total_bytes));
    assert_eq!(status.copy, Some(CopyStatus { bytes, total_bytes, ..CopyStatus::default() }));
    assert_eq!((bytes, bytes > 2 * MB), (total_bytes, true));
}

/// The server's own delay of commits stands for a disk that is busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_copy_gives_way_to_writers_that_are_slow_and_comes_back() {
    let world = apart(24_000).await.copied(CopySpec { max_writer_latency_ms: Some(80), ..MANY });
    let source = world.source.admin().await;
    wish(&world, &source, Phase::ReadyForCutover, false).await;
    let worker = world.worker();
    let gate = gate(&world).await;
    set(&source, &["SET fsync = on", "SET commit_siblings = 0", "SET commit_delay = 100000"]).await;
    let bound = |status: &Status| status.copy.as_ref().and_then(|copy| copy.max_bytes_per_second);
    let slow =
        until(&world, &source, "the copy is slowed down", |status| bound(status).is_some_and(|bound| bound < MB)).await;
    assert!(slow.copy.as_ref().unwrap().writer_latency_ms > Some(80.0), "{slow:?}");
    set(&source, &["SET fsync = off", "RESET commit_siblings", "RESET commit_delay"]).await;
    until(&world, &source, "it has its own bound again", |status| bound(status) == Some(MB)).await;
    gate.batch_execute("COMMIT").await.unwrap();
    let status = until(&world, &source, "it is ready", |status| status.phase >= Phase::ReadyForCutover).await;
    drop(worker);
    assert_eq!(status.phase, Phase::ReadyForCutover, "{status:?}\n{}", world.log());
}

/// A row that only the closed source has is in the way of the stream that leads back, and the target goes on writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_way_back_ends_before_the_targets_disk_is_full() {
    let servers = (Arc::new(Cluster::start()), Arc::new(Cluster::start()));
    let world = World::between(servers.0, servers.1).await.filled(500).await.with_way_back().keeping(64 * MB);
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    let clash = "SET session_replication_role = replica; INSERT INTO app.no_pk VALUES ('clash', 1)";
    source.batch_execute(clash).await.unwrap();
    let app = world.target.app().await;
    app.batch_execute("INSERT INTO app.no_pk VALUES ('clash', 2)").await.unwrap();
    let worker = world.worker();
    let possible = |status: &Status| status.way_back.as_ref().is_some_and(|way| way.possible);
    assert!(possible(&world.status(&source).await.unwrap()), "{}", world.log());
    let flood = Flood::over(&world.target).await;
    let status = until(&world, &source, "the way back ends", |status| !possible(status)).await;
    drop(flood);
    let reason = status.way_back.unwrap().reason.unwrap();
    assert!(reason.contains("on the target") && reason.contains("replication.maxRetainedWalBytes"), "{reason}");
    assert_eq!(status.phase, Phase::Observe);
    let released = || async { streams(&source).await.is_empty() && streams(&target).await.is_empty() };
    eventually("nothing keeps WAL any more", LIMIT, released).await;
    app.batch_execute("INSERT INTO app.no_pk VALUES ('served', 3)").await.unwrap();
    drop(worker);
}

/// A source that is away keeps the worker from everything but this.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_source_that_is_away_does_not_fill_the_targets_disk() {
    let servers = (Arc::new(Cluster::start()), Arc::new(Cluster::start()));
    let world = World::between(servers.0, servers.1).await.filled(500).await.with_way_back().keeping(64 * MB);
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    let worker = world.worker();
    eventually("the worker observes", LIMIT, || async { world.log().contains("worker has taken over") }).await;
    let server = world.source.cluster.clone();
    tokio::task::spawn_blocking(move || server.crash()).await.unwrap();
    let target = world.target.admin().await;
    assert_eq!(streams(&target).await.len(), 1);
    let flood = Flood::over(&world.target).await;
    eventually("the slot is gone", LIMIT, || async { streams(&target).await.is_empty() }).await;
    drop(flood);
    let server = world.source.cluster.clone();
    tokio::task::spawn_blocking(move || server.boot()).await.unwrap();
    let source = world.source.admin().await;
    let gone = |status: &Status| status.way_back.as_ref().is_some_and(|way| !way.possible);
    let status = until(&world, &source, "the source is told", gone).await;
    assert!(status.way_back.unwrap().reason.unwrap().contains("replication.maxRetainedWalBytes"));
    eventually("its side is cleared as well", LIMIT, || async { streams(&source).await.is_empty() }).await;
    drop(worker);
}
