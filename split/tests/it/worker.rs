//! The worker process: killed in each phase, told to abort in each phase.

use crate::support::cluster::{self, Cluster};
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::support::{check, eventually};
use crate::world::schema::REFUSE_GRANTS;
use crate::world::{LIMIT, Worker, World, catalog};
use rerp_split::failpoint::VARIABLE;
use rerp_split::journal::{self, Wish};
use rerp_split::phase::Phase;
use rerp_split::run::BOTH_OWN;
use std::sync::Arc;
use std::time::Instant;
use tokio_postgres::Client;

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
    Wish { advance_to, abort, suspend: false, services_prepared: true, until: None }
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

/// A transaction holds what the fence wants, so each attempt arms the target and retreats.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_abort_after_attempts_that_retreated_takes_everything_back() {
    let world = apart(500).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let before = (catalog(&source).await, catalog(&target).await);
    let worker = at_the_fence(&world, &source).await;
    let armed = || async {
        let row = journal::read_owner(&target, "app").await.unwrap();
        row.is_some_and(|row| row.armed.is_some())
    };
    eventually("an attempt has armed the target", LIMIT, armed).await;
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed, true)).await.unwrap();
    assert_eq!(reached(&world, &source, Phase::Aborted).await, Phase::Aborted, "{}", world.log());
    drop(worker);
    source.batch_execute(&release(&world)).await.unwrap();
    for client in [&source, &target] {
        let forgotten = || async { journal::forget(client, &world.migration).await.is_ok() };
        eventually("the journal is forgotten", LIMIT, forgotten).await;
    }
    assert_eq!((catalog(&source).await, catalog(&target).await), before);
}

/// Once it may, a migration in the cutover goes on; suspended, or held before it, it doesn't.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_migration_that_is_suspended_or_held_in_the_cutover_does_not_switch() {
    let world = apart(500).await;
    let source = world.source.admin().await;
    let worker = at_the_fence(&world, &source).await;
    let whole = wish(Phase::Completed, false);
    journal::write_wish(&source, &world.migration, &Wish { suspend: true, ..whole }).await.unwrap();
    let suspended = || async {
        let status = world.status(&source).await.unwrap();
        assert_eq!(status.phase, Phase::Cutover, "{status:?}");
        status.message.contains("suspended or held")
    };
    eventually("the worker has heard", LIMIT, suspended).await;
    source.batch_execute(&release(&world)).await.unwrap();
    // Nothing is in the way now. Whatever it does in its next looks, the source stays open.
    let looks = || async { world.log().matches("ReadWish").count() };
    let seen = looks().await;
    eventually("the wish has been read again", LIMIT, || async { looks().await > seen + 1 }).await;
    assert!(journal::read_owner(&source, "app").await.unwrap().unwrap().is_owner, "{}", world.log());

    journal::write_wish(&source, &world.migration, &wish(Phase::ReadyForCutover, false)).await.unwrap();
    world.status_when(&source, "ready", |status| status.phase == Phase::ReadyForCutover).await;
    assert!(journal::read_owner(&source, "app").await.unwrap().unwrap().is_owner, "{}", world.log());
    journal::write_wish(&source, &world.migration, &whole).await.unwrap();
    assert_eq!(reached(&world, &source, Phase::Completed).await, Phase::Completed, "{}", world.log());
    drop(worker);
}

/// Each try would stop the writers for nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_target_that_refuses_to_open_ends_the_migration_with_the_source_open() {
    let world = World::new(500).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    target.batch_execute(REFUSE_GRANTS).await.unwrap();
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed, false)).await.unwrap();
    let worker = world.worker();
    assert_eq!(reached(&world, &source, Phase::Failed).await, Phase::Failed, "{}", world.log());
    let failure = world.status(&source).await.unwrap().failure.unwrap();
    assert!(failure.contains("the target refused to open") && failure.contains("no grants here"), "{failure}");
    let row = journal::read_owner(&source, "app").await.unwrap().unwrap();
    assert_eq!((row.is_owner, row.epoch), (true, 2), "closed once, and taken back once");
    world.source.app().await.batch_execute("INSERT INTO app.no_pk VALUES ('open', 1)").await.unwrap();
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed, true)).await.unwrap();
    let aborted = || async { world.status(&source).await.unwrap().phase == Phase::Aborted };
    eventually("it is taken back", LIMIT, aborted).await;
    drop(worker);
}

/// It slept while its successor took the migration back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_wakes_up_right_before_it_makes_its_slot_makes_none() {
    let world = World::new(100).await;
    let source = world.source.admin().await;
    journal::ensure(&source).await.unwrap();
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed, false)).await.unwrap();
    let mut sleeper = world.worker_with("sleeper.log", &[(VARIABLE, "SlotIntended=freeze".to_owned())]);
    eventually("the worker sleeps", LIMIT, || std::future::ready(sleeper.is_frozen())).await;
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed, true)).await.unwrap();
    let worker = world.worker();
    assert_eq!(reached(&world, &source, Phase::Aborted).await, Phase::Aborted, "{}", world.log());
    drop(worker);
    sleeper.wake();
    eventually("it ends", LIMIT, || std::future::ready(sleeper.ended().is_some())).await;
    let slots = "SELECT count(*) FROM pg_replication_slots WHERE starts_with(slot_name, 'rerp_' || $1)";
    assert_eq!(source.query_one(slots, &[&world.migration]).await.unwrap().get::<_, i64>(0), 0, "{}", sleeper.log());
}

/// A world with a source server of its own: a prepared transaction keeps new slots waiting, whoever's they are.
async fn apart(rows: u32) -> World {
    World::between(Arc::new(Cluster::start()), cluster::shared().1).await.filled(rows).await
}

/// A worker in phase Cutover that can't get its locks: a prepared transaction belongs to no session that it could see beforehand.
async fn at_the_fence(world: &World, source: &Client) -> Worker {
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    let lock = "BEGIN; LOCK TABLE app.nothing_in_it IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION";
    source.batch_execute(&format!("{lock} 'holds_{}'", world.migration)).await.unwrap();
    journal::write_wish(source, &world.migration, &wish(Phase::Completed, false)).await.unwrap();
    let worker = world.worker();
    assert_eq!(reached(world, source, Phase::Cutover).await, Phase::Cutover, "{}", world.log());
    worker
}

fn release(world: &World) -> String {
    format!("COMMIT PREPARED 'holds_{}'", world.migration)
}

/// A source that comes back without its last commits is open beside the target; nobody calls that Completed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_owners_are_seen_after_the_cutover() {
    let world = World::new(200).await;
    let source = world.source.admin().await;
    world.succeeds("run", &["--advance-to", "Observe"]).await;
    let claim = "UPDATE rerp_split.owner SET is_owner = $1, epoch = epoch - CASE WHEN $1 THEN 1 ELSE -1 END";
    source.execute(claim, &[&true]).await.unwrap();
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed, false)).await.unwrap();
    let worker = world.worker();
    let told = || async {
        let status = world.status(&source).await.unwrap();
        assert_eq!(status.phase, Phase::Observe, "{status:?}");
        status.findings.iter().any(|finding| finding.id == BOTH_OWN)
    };
    eventually("the worker says that both own", LIMIT, told).await;
    worker.kill();
    // A person closes the source again.
    source.execute(claim, &[&false]).await.unwrap();
    let worker = world.worker();
    assert_eq!(reached(&world, &source, Phase::Completed).await, Phase::Completed, "{}", world.log());
    assert_eq!(world.status(&source).await.unwrap().findings.iter().filter(|one| one.id == BOTH_OWN).count(), 0);
    drop(worker);
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
