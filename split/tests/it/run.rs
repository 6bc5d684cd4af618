//! Whole migrations with the real binary between two real servers, writers running.

use crate::support::check;
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::world::World;
use rerp_split::phase::Phase;
use rerp_split::status::TableState;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_live_schema_moves_and_nothing_is_lost() {
    let world = World::new(20_000).await;
    let route = Route::new([world.source.clone(), world.target.clone()], 0);
    let load = Load { writers: 8, think: Duration::from_millis(8), ..Load::default() };
    let writers = Writers::start(route, load).await;
    writers.more(500).await;

    let output = world.run("run", &[]).await;
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");

    writers.more(500).await;
    let ledger = writers.stop().await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let verdict = check::compare(&target, &ledger.acks()).await;
    assert!(verdict.is_clean() && verdict.acknowledged > 1000, "{verdict:?} {:?}\n{text}", ledger.errors());

    let status = world.status(&source).await.unwrap();
    assert_eq!(status.phase, Phase::Completed);
    assert!(status.tables.iter().all(|table| table.state == TableState::Streaming), "{status:?}");
    let seen = status.verification.unwrap();
    assert!(seen.mismatches == 0 && seen.rows >= 45_000 && seen.chunks >= 5, "{seen:?}");
    let cutover = status.cutover.unwrap();
    assert!(cutover.attempts >= 1 && cutover.write_pause_ms > 0.0, "{cutover:?}");
    println!("{text}");
}

/// Nobody made the schema on the target: the migration does, so that the service can use it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_the_migration_makes_can_be_used() {
    let world = World::new(20).await;
    world.target.admin().await.batch_execute("DROP SCHEMA app CASCADE").await.unwrap();
    world.succeeds("run", &[]).await;
    for relation in ["email", "emails"] {
        let count = format!("SELECT count(*) FROM {relation}");
        let rows = world.target.app().await.query_one(&count, &[]).await.unwrap();
        assert_eq!(rows.get::<_, i64>(0), 20, "{relation}, a table and a view of it");
    }
}
