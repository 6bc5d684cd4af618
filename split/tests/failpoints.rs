//! A worker is killed, frozen and doubled at every named place of fence and phases. Whatever happens, the migration
//! ends Completed or cleanly Aborted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chaos;
#[path = "it/support/mod.rs"]
mod support;
#[path = "it/world/mod.rs"]
mod world;

use chaos::obstacle::Standing;
use chaos::points::{
    BACK, BACK_AGAIN, BESIDE, ENDING, GIVEN_UP, Obstacle, TAKING_BACK, THERE, THERE_AGAIN, around, way,
};
use chaos::{Chaos, Loss, Successor};
use rerp_split::failpoint::{Step, names};
use rerp_split::phase::Phase;
use rerp_split::spec::{BackupSpec, CleanupPolicy, CleanupSpec};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use world::World;

/// Migrations for one way at most: a worker that goes on beside its successor may finish before that one comes to its
/// place, and the places that are left belong to the next migration.
const MIGRATIONS: usize = 8;

#[test]
fn every_place_is_tried() {
    let beside = BESIDE.iter().flat_map(|(_, statements)| around(statements));
    let back = BACK.iter().map(|&point| point.to_owned());
    let taking = [around(GIVEN_UP), around(TAKING_BACK)].concat();
    let turns = [THERE, BACK_AGAIN, THERE_AGAIN, ENDING].concat().into_iter().map(str::to_owned);
    let tried: BTreeSet<String> = way().into_iter().chain(beside).chain(taking).chain(back).chain(turns).collect();
    assert_eq!(tried, names().into_iter().collect());
}

#[test]
fn every_step_stands_in_one_place_of_the_code() {
    let code = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for step in Step::ALL {
        let call = format!("failpoint::step(Step::{step:?}).await;");
        assert_eq!(code.matches(&call).count(), 1, "{call}");
    }
    assert_eq!(code.matches("failpoint::step(").count(), Step::ALL.len());
}

fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            text.push_str(&sources(&entry));
        } else {
            text.push_str(&std::fs::read_to_string(entry).unwrap());
        }
    }
    text
}

#[test]
fn an_unknown_place_is_an_error_that_names_the_known_ones() {
    let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_rerp-split"));
    process.args(["worker", "--dir", "/nowhere"]).env("RERP_SPLIT_FAILPOINT", "F8Close.befor=kill");
    let output = process.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("\"F8Close.befor\"") && text.contains("F8Close.before"), "{text}");
}

/// From Pending to Completed.
async fn on_the_way(loss: Loss) {
    let mut left: VecDeque<String> = way().into();
    for _ in 0..MIGRATIONS {
        let mut chaos = Chaos::begin(loss, Phase::Completed).await;
        while let Some(point) = left.front() {
            if !chaos.hit(point).await {
                break;
            }
            left.pop_front();
        }
        chaos.completes().await;
        if left.is_empty() {
            return;
        }
    }
    panic!("never reached: {left:?}");
}

/// What only obstacles bring about, and the way back to Aborted.
async fn aside_and_back(loss: Loss) {
    let mut chaos = Chaos::begin(loss, Phase::ReadyForCutover).await;
    chaos.advance(Phase::ReadyForCutover).await;
    chaos.wish(Phase::Completed, false).await;
    for (obstacle, statements) in BESIDE {
        let standing = Standing::put_up(*obstacle, &chaos.world).await;
        all(&mut chaos, &around(statements)).await;
        standing.clear().await;
    }
    let closed = Standing::put_up(Obstacle::ClosedTarget, &chaos.world).await;
    let held = Standing::put_up(Obstacle::HeldRow, &chaos.world).await;
    chaos.is_held(true);
    all(&mut chaos, &around(GIVEN_UP)).await;
    held.clear().await;
    chaos.is_held(false);
    all(&mut chaos, &around(TAKING_BACK)).await;
    chaos.wish(Phase::Completed, true).await;
    all(&mut chaos, &BACK.iter().map(|&point| point.to_owned()).collect::<Vec<_>>()).await;
    closed.clear().await;
    chaos.aborts().await;
}

/// To the target, back to the source, to the target again.
async fn there_and_back(loss: Loss) {
    let mut chaos = Chaos::begin_with_way_back(loss, Phase::ReadyForCutover).await;
    chaos.advance(Phase::ReadyForCutover).await;
    chaos.wish(Phase::Cutover, false).await;
    // The double at `F8Close.before` closes and opens under its successor, who takes over on the source first: no other place of
    // the fence is left to lose a worker at.
    let passed = |point: &&str| loss != Loss::Double || !["F8Close.after", "F9Open.after"].contains(point);
    let named = |points: &[&'static str]| points.iter().copied().filter(passed).map(str::to_owned).collect::<Vec<_>>();
    all(&mut chaos, &named(THERE)).await;
    chaos.advance(Phase::Observe).await;
    chaos.turn().await;
    all(&mut chaos, &named(BACK_AGAIN)).await;
    chaos.turn().await;
    all(&mut chaos, &named(THERE_AGAIN)).await;
    chaos.wish(Phase::Completed, false).await;
    chaos.completes().await;
}

/// The old tables are dropped: once, whole, and not before their backup is proved.
async fn ends_the_old_tables(loss: Loss) {
    let world = World::new(600).await;
    world.source.admin().await.batch_execute("DROP VIEW app.emails").await.unwrap();
    let backup = Some(BackupSpec::File(world.path("old.dump")));
    let world = world.cleaned(CleanupSpec { policy: CleanupPolicy::Drop, after_s: 1, backup });
    let mut chaos = Chaos::begin_in(world, loss, Phase::Cutover).await;
    chaos.advance(Phase::Observe).await;
    chaos.wish(Phase::Completed, false).await;
    all(&mut chaos, &ENDING.iter().map(|&point| point.to_owned()).collect::<Vec<_>>()).await;
    let (source, target) = (chaos.world.source.clone(), chaos.world.target.clone());
    let (migration, file) = (chaos.world.migration.clone(), chaos.world.path("old.dump"));
    let memory = rerp_split::old_tables::memory::read(&source.admin().await, &migration).await.unwrap();
    let sha256 = hex::encode(Sha256::digest(std::fs::read(file).unwrap()));
    assert_eq!((memory.backup.unwrap().sha256, memory.done.is_some()), (sha256, true));
    chaos.completes().await;
    let left = "SELECT relname::text FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'";
    assert!(source.admin().await.query(left, &[]).await.unwrap().is_empty());
    let scratch = "SELECT FROM pg_database WHERE starts_with(datname, $1)";
    let stem = format!("rerp_{migration}_scratch");
    assert!(target.admin().await.query(scratch, &[&stem]).await.unwrap().is_empty());
}

async fn all(chaos: &mut Chaos, points: &[String]) {
    for point in points {
        assert!(chaos.hit(point).await, "{point} is not passed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_on_the_way() {
    on_the_way(Loss::Kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_on_the_way() {
    on_the_way(Loss::Freeze).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubled_on_the_way() {
    on_the_way(Loss::Double).await;
}

/// The double still has its transaction when it goes on, and closes the source right under the one that takes over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubled_inside_of_the_closing_transaction() {
    for point in ["F1Begin.after", "F3Lock.after", "F7Flush.after", "F8Close.before"] {
        let mut chaos = Chaos::begin(Loss::Double, Phase::Completed).await;
        chaos.go_on_when(Successor::WaitsForLock);
        assert!(chaos.hit(point).await, "{point} is not passed");
        chaos.completes().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_there_and_back() {
    there_and_back(Loss::Kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_there_and_back() {
    there_and_back(Loss::Freeze).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubled_there_and_back() {
    there_and_back(Loss::Double).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_aside_and_on_the_way_back() {
    aside_and_back(Loss::Kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_aside_and_on_the_way_back() {
    aside_and_back(Loss::Freeze).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubled_aside_and_on_the_way_back() {
    aside_and_back(Loss::Double).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_the_old_tables_end() {
    ends_the_old_tables(Loss::Kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_while_the_old_tables_end() {
    ends_the_old_tables(Loss::Freeze).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubled_while_the_old_tables_end() {
    ends_the_old_tables(Loss::Double).await;
}
