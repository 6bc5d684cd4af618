//! The worker process: killed in each phase, told to abort in each phase.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;
mod world;

use rerp_split::journal::{self, Wish};
use rerp_split::phase::Phase;
use std::time::Instant;
use support::route::Route;
use support::writer::{Load, Writers};
use support::{check, eventually};
use tokio_postgres::Client;
use world::{LIMIT, Worker, World, catalog};

const WORK: [Phase; 9] = [
    Phase::Preflight,
    Phase::Prepare,
    Phase::Copy,
    Phase::CatchUp,
    Phase::Verify,
    Phase::ReadyForCutover,
    Phase::Cutover,
    Phase::Observe,
    Phase::Finalize,
];

fn wish(advance_to: Phase, abort: bool) -> Wish {
    Wish { advance_to, abort, suspend: false, services_prepared: true }
}

fn light() -> Load {
    Load { writers: 4, slow: 1, ..Load::default() }
}

/// Waits until the journal shows `wanted` or a later phase; which one it was.
async fn reached(world: &World, client: &Client, wanted: Phase) -> Phase {
    let begun = Instant::now();
    loop {
        let status = world.status(client).await;
        let phase = status.as_ref().map_or(Phase::Pending, |status| status.phase);
        if phase >= wanted {
            return phase;
        }
        assert!(begun.elapsed() < LIMIT, "{wanted} is not reached: {status:?}\n{}", world.log());
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_is_killed_in_each_phase_still_completes() {
    let world = World::new(8_000).await;
    let source = world.source.admin().await;
    let writers = Writers::start(Route::new([world.source.clone(), world.target.clone()], 0), light()).await;
    journal::ensure(&source).await.unwrap();
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed, false)).await.unwrap();

    let mut killed = Vec::new();
    for phase in WORK {
        if killed.last().is_some_and(|last| *last >= phase) {
            continue;
        }
        let worker = world.worker();
        killed.push(reached(&world, &source, phase).await);
        worker.kill();
    }
    let worker = world.worker();
    assert_eq!(reached(&world, &source, Phase::Completed).await, Phase::Completed, "{}", world.log());
    drop(worker);

    writers.more(200).await;
    let ledger = writers.stop().await;
    let verdict = check::compare(&world.target.admin().await, &ledger.acks()).await;
    assert!(verdict.is_clean(), "{verdict:?} {:?}\nkilled in {killed:?}\n{}", ledger.errors(), world.log());
    assert!(killed.len() >= 7, "only killed in {killed:?}");
    let runs = world.log().matches("worker has taken over").count();
    assert!(runs > killed.len(), "{runs} runs, killed in {killed:?}");
    println!("killed in {killed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_abort_in_any_phase_leaves_both_catalogs_as_they_were() {
    let world = World::new(4_000).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let before = (catalog(&source).await, catalog(&target).await);

    for (turn, phase) in WORK.into_iter().take_while(|phase| *phase < Phase::Cutover).enumerate() {
        journal::ensure(&source).await.unwrap();
        journal::write_wish(&source, &world.migration, &wish(Phase::ReadyForCutover, false)).await.unwrap();
        let mut worker = world.worker();
        reached(&world, &source, phase).await;
        journal::write_wish(&source, &world.migration, &wish(Phase::ReadyForCutover, true)).await.unwrap();
        if turn % 2 == 1 {
            worker = restart(&world, &source, worker).await;
        }
        assert_eq!(reached(&world, &source, Phase::Aborted).await, Phase::Aborted, "in {phase}: {}", world.log());
        drop(worker);
        for client in [&source, &target] {
            // The server may still be busy with the last statement of a worker that is gone.
            let forgotten = || async { journal::forget(client, &world.migration).await.is_ok() };
            eventually("the journal is forgotten", LIMIT, forgotten).await;
        }
        let after = (catalog(&source).await, catalog(&target).await);
        assert_eq!(after, before, "after an abort in {phase}: {}", world.log());
        assert_eq!(roles_of(&world, &source).await, Vec::<String>::new(), "after an abort in {phase}");
    }
    let text: Vec<u8> = world.run("run", &["--advance-to", "ReadyForCutover"]).await.stdout;
    assert!(String::from_utf8_lossy(&text).starts_with("ReadyForCutover"), "{}", String::from_utf8_lossy(&text));
    let (from, to) = world.contents().await;
    assert_eq!(from, to, "nothing was written meanwhile");
    world.succeeds("abort", &[]).await;
    assert_eq!((catalog(&source).await, catalog(&target).await), before);
}

/// Kills the worker while it aborts, and starts another.
async fn restart(world: &World, source: &Client, worker: Worker) -> Worker {
    reached(world, source, Phase::Aborting).await;
    worker.kill();
    world.worker()
}

/// Roles are per server, and other tests use the same one.
async fn roles_of(world: &World, client: &Client) -> Vec<String> {
    let select = "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'rerp%' || $1 ORDER BY 1";
    client.query(select, &[&world.migration]).await.unwrap().iter().map(|row| row.get(0)).collect()
}
