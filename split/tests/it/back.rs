//! The way back: to the target, back to the source, to the target again, with the real binary and writers at work.
//!
//! All on servers of their own: a new slot waits for everybody's transactions, and reads everybody's WAL.

use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::support::{apart, check, cluster, eventually};
use crate::world::keys::definitions;
use crate::world::{LIMIT, World, catalog};
use rerp_split::journal::{self, Turn, Wish};
use rerp_split::phase::Phase;
use rerp_split::spec::Direction;
use serde_json::Value;
use std::sync::Arc;
use tokio_postgres::Client;

/// A world with a way back.
async fn world(rows: u32) -> World {
    let (from, to) = apart();
    World::between(from, to).await.filled(rows).await.with_way_back()
}

/// Every row of both sides, once each stream has carried what it has to: no side may have anything of its own.
async fn are_the_same(world: &World) {
    let same = || async {
        let (source, target) = world.contents().await;
        source == target
    };
    eventually("both sides have the same rows", LIMIT, same).await;
}

/// Streams, slots, publications and triggers of this migration, on both sides.
async fn side_objects(world: &World) -> Vec<String> {
    let prefix = format!("rerp_{}_", world.migration);
    let mut found = Vec::new();
    for client in [world.source.admin().await, world.target.admin().await] {
        found.extend(catalog(&client).await.into_iter().filter(|name| name.contains(&prefix)));
    }
    found
}

/// The command is refused, and says why.
async fn refused(world: &World, command: &str, more: &[&str], why: &str) {
    let output = world.run(command, more).await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && told.contains(why), "{command} {more:?}: {:?} {told}", output.status);
}

/// Writes as the service does, and waits until each has got some through on the side that is open.
struct Service {
    writers: Writers,
    batch: i32,
}

impl Service {
    async fn start(world: &World, open: usize, batch: i32) -> Self {
        let load = Load { writers: 6, slow: 1, first: batch * 6, ..Load::default() };
        let route = Route::new([world.source.clone(), world.target.clone()], open);
        let writers = Writers::start(route, load).await;
        writers.more(100).await;
        Self { writers, batch }
    }

    /// Goes on for a while, stops, and compares what was acknowledged with `client`'s rows: nothing is lost, doubled or out of
    /// order. What earlier batches have written is there as well, and isn't this one's.
    async fn agrees(self, client: &Client) {
        self.writers.more(100).await;
        let ledger = self.writers.stop().await;
        let verdict = check::compare(client, &ledger.acks()).await;
        let clean = check::Verdict { unacknowledged: 0, ..verdict.clone() };
        assert!(clean.is_clean(), "batch {}: {verdict:?} {:?}", self.batch, ledger.errors());
        let written = "SELECT count(*) FROM app.entry WHERE writer >= $1 AND writer < $1 + 6";
        let row = client.query_one(written, &[&(self.batch * 6)]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), ledger.len() as i64, "batch {}", self.batch);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn there_and_back_and_there_again_under_load() {
    let world = world(4_000).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let before = catalog(&source).await;

    let service = Service::start(&world, 0, 0).await;
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    service.agrees(&target).await;
    are_the_same(&world).await;
    let status = world.status(&source).await.unwrap();
    let way = status.way_back.clone().unwrap();
    assert!(way.possible && way.replication.unwrap().token_ms.is_some(), "{status:?}");
    assert_eq!((status.phase, status.epoch), (Phase::Observe, 1));

    let service = Service::start(&world, 1, 1).await;
    let text = world.succeeds("rollback", &["--epoch", "1", "--json"]).await;
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    let phases: Vec<_> = of("phase").iter().filter_map(|event| event["phase"].as_str()).collect();
    assert!(phases.ends_with(&["RollingBack", "RolledBack"]), "{text}");
    assert!(of("rollback")[0]["rollback"]["writePauseMs"].as_f64() > Some(0.0), "{text}");
    assert_eq!(
        (&of("wayBack").last().unwrap()["possible"], &of("end")[0]["code"]),
        (&true.into(), &0.into()),
        "{text}"
    );
    service.agrees(&source).await;
    are_the_same(&world).await;
    let status = world.status(&source).await.unwrap();
    assert_eq!((status.phase, status.epoch, status.rollback.unwrap().epoch), (Phase::RolledBack, 2, 2));

    // Once more at the same epoch: nothing happens any more. At one that hasn't come, nothing either.
    world.succeeds("rollback", &["--epoch", "1"]).await;
    refused(&world, "rollback", &["--epoch", "3"], "there is nothing to give back").await;
    refused(&world, "rollback", &["--undo", "--epoch", "1"], "is at epoch 2, not 1").await;
    refused(&world, "run", &[], "`rollback --undo --epoch 2` takes it to the target again").await;
    assert_eq!(world.status(&source).await.unwrap().epoch, 2);
    let text = world.succeeds("status", &[]).await;
    assert!(text.contains("the source owns the data again") && text.contains("switched back"), "{text}");

    let service = Service::start(&world, 0, 2).await;
    world.succeeds("rollback", &["--epoch", "2", "--undo"]).await;
    service.agrees(&target).await;
    are_the_same(&world).await;
    let status = world.status(&source).await.unwrap();
    assert_eq!((status.phase, status.epoch, status.cutover.unwrap().epoch), (Phase::Observe, 3, 3));

    // And back for good: the source is what it was, rights and all, and nothing of the migration is left.
    world.succeeds("rollback", &["--epoch", "3"]).await;
    are_the_same(&world).await;
    world.succeeds("abort", &[]).await;
    assert_eq!(catalog(&source).await, before);
    assert_eq!(side_objects(&world).await, Vec::<String>::new());
}

/// Deletion after the cutover: the owner stays, side objects go on both sides, no data is dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_the_cutover_an_abort_detaches() {
    let world = world(500).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    world.target.app().await.batch_execute("INSERT INTO app.no_pk VALUES ('after', 1)").await.unwrap();
    are_the_same(&world).await;
    assert!(side_objects(&world).await.iter().any(|name| name.contains("_rev_")), "no stream leads back");
    let worker = world.worker();
    let wish =
        Wish { advance_to: Phase::Completed, abort: true, suspend: false, services_prepared: false, until: None };
    journal::write_wish(&source, &world.migration, &wish).await.unwrap();
    let completed = || async { world.status(&source).await.unwrap().phase == Phase::Completed };
    eventually("it is detached", LIMIT, completed).await;
    drop(worker);
    assert_eq!(side_objects(&world).await, Vec::<String>::new());
    let (here, there) = world.contents().await;
    assert!(here == there && here.len() > 500, "{} rows", here.len());
    let owner = async |client| journal::read_owner(client, "app").await.unwrap().unwrap().is_owner;
    assert!(owner(&target).await && !owner(&source).await);
    for way in Direction::ALL {
        let role = rerp_split::names::replication_role(&world.migration, way);
        for client in [&source, &target] {
            assert!(
                client.query("SELECT FROM pg_roles WHERE rolname = $1", &[&role]).await.unwrap().is_empty(),
                "{role}"
            );
        }
    }
}

/// Where none is asked for nothing of it is made, and a rollback that is asked for is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_way_back_nothing_of_it_is_made() {
    let world = World::new(500).await;
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    assert_eq!(side_objects(&world).await, Vec::<String>::new());
    refused(&world, "rollback", &["--epoch", "1"], "nothing was made that leads there").await;
    assert!(journal::read_owner(&world.target.admin().await, "app").await.unwrap().unwrap().is_owner);
}

/// The source couldn't take what other definitions allow, and a slot that nobody reads would keep WAL for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changed_definitions_end_the_way_back() {
    let world = world(500).await;
    let source = world.source.admin().await;
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    world.target.migrate().await.batch_execute("ALTER TABLE app.email ADD COLUMN more text").await.unwrap();
    // The reason outlives what it led to.
    for _ in 0..2 {
        refused(&world, "rollback", &["--epoch", "1"], "the definitions on the target have changed").await;
        let way = world.status(&source).await.unwrap().way_back.unwrap();
        assert!(!way.possible && way.reason.unwrap().contains("definitions"));
    }
    let streams: Vec<_> = side_objects(&world).await.into_iter().filter(|one| one.contains("_rev")).collect();
    assert_eq!(streams, Vec::<String>::new());
    // What is published without a key couldn't be changed any more.
    world
        .target
        .migrate()
        .await
        .batch_execute(
            "ALTER TABLE app.nothing_in_it DROP CONSTRAINT nothing_in_it_pkey; \
        UPDATE app.nothing_in_it SET id = 1",
        )
        .await
        .unwrap();
    world.succeeds("run", &["--advance-to", "Completed"]).await;
    assert_eq!(side_objects(&world).await, Vec::<String>::new());
}

/// Rows that a change of a table writes anew are in no stream, though the table looks as before; nor does the source know of types,
/// sequences and views that are new on the target.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_definition_changes_without_a_trace_ends_the_way_back_too() {
    let cases = [
        ("ALTER TABLE app.child ALTER COLUMN note TYPE text USING upper(note)", false),
        ("ALTER TYPE app.mood ADD VALUE 'calm'", false),
        ("CREATE SEQUENCE app.more", false),
        ("CREATE VIEW app.seen AS SELECT 1 AS one", false),
        ("DROP TABLE app.nothing_in_it", false),
        (
            "CREATE INDEX ON app.no_pk (v); COMMENT ON TABLE app.no_pk IS 'rows'; CREATE TEMP TABLE t (a int); DROP TABLE t",
            true,
        ),
        (
            "CREATE SCHEMA other; CREATE TABLE other.t (a int); ALTER TABLE other.t ADD COLUMN b int; DROP TABLE other.t",
            true,
        ),
    ];
    let world = world(500).await;
    let target = world.target.admin().await;
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    for (statement, stays) in cases {
        // Undone each time: the row goes with the change, and comes back with it.
        let script = format!("BEGIN; {statement}");
        target.batch_execute(&script).await.unwrap();
        let row = target.query_opt("SELECT FROM rerp_split.definition", &[]).await.unwrap();
        assert_eq!(row.is_some(), stays, "{statement}");
        target.batch_execute("ROLLBACK").await.unwrap();
    }
    world.succeeds("rollback", &["--epoch", "1"]).await;
}

/// What the stream writes to the closed source passes its guards, and no foreign key is in its way: those to what stays have
/// been severed. They stay so after a rollback, and an abort makes them again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn severed_foreign_keys_and_guards_let_the_way_back_through() {
    let (from, to) = apart();
    let world = World::with_keys_between(from, to, 500).await.severed(false).with_way_back();
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let before = definitions(&source).await;
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    let app = world.target.app().await;
    app.batch_execute(
        "INSERT INTO app.item VALUES (100000); UPDATE app.no_pk SET v = -1; DELETE FROM app.child WHERE note IS NULL",
    )
    .await
    .unwrap();
    target.batch_execute("TRUNCATE app.nothing_in_it").await.unwrap();
    are_the_same(&world).await;
    let guarded = world.source.admin().await.batch_execute("DELETE FROM app.item").await;
    assert_eq!(guarded.unwrap_err().code().unwrap().code(), "42501", "the source is closed all the while");
    world.succeeds("rollback", &["--epoch", "1"]).await;
    let severed = "SELECT count(*) FROM rerp_split.foreign_key WHERE state = 'severed'";
    let count: i64 = source.query_one(severed, &[]).await.unwrap().get(0);
    assert_eq!(count, 6);
    are_the_same(&world).await;
    world.succeeds("abort", &[]).await;
    assert_eq!(definitions(&source).await, before);
}

/// Asked for while the worker watches: it doesn't wait for the next look. A server that is away for a moment delays it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_rolls_back_as_soon_as_it_is_asked_to_and_a_crash_of_the_source_only_delays() {
    let own = Arc::new(cluster::Cluster::start());
    let world = World::between(own, apart().1).await.filled(500).await.with_way_back();
    let source = world.source.admin().await;
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    let service = Service::start(&world, 1, 0).await;
    let server = world.source.cluster.clone();
    tokio::task::spawn_blocking(move || {
        server.crash();
        server.boot();
    })
    .await
    .unwrap();
    drop(source);
    let source = world.source.admin().await;
    // What was written after the crash has come: the stream has gone on.
    service.writers.more(100).await;
    let come = "SELECT count(*) FROM app.entry";
    let written: i64 = world.target.admin().await.query_one(come, &[]).await.unwrap().get(0);
    let has_come = || async { source.query_one(come, &[]).await.unwrap().get::<_, i64>(0) >= written };
    eventually("the stream goes on", LIMIT, has_come).await;
    let worker = world.worker();
    let turn = Turn { rollback: Some(1), forward: None };
    journal::write_turn(&source, &world.migration, turn).await.unwrap();
    let back = || async { world.status(&source).await.unwrap().phase == Phase::RolledBack };
    eventually("it has rolled back", LIMIT, back).await;
    service.agrees(&source).await;
    drop(worker);
    are_the_same(&world).await;
}
