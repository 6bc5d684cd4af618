//! A migration is given up at each of many places, by a wish or after its worker was lost there, and with one side away: what then is on
//! both sides, and what isn't.
#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ending;
#[path = "it/support/mod.rs"]
mod support;
#[path = "it/world/mod.rs"]
mod world;

use ending::away;
use ending::catalogs::of_the_server;
use ending::play::{Line, play};
use ending::points::{End, POINTS};
use rerp_split::failpoint::{STATEMENTS, names};
use rerp_split::phase::Phase;
use std::collections::BTreeSet;
use std::sync::Arc;
use support::cluster::shared;
use tokio::sync::Semaphore;

/// How many migrations are under way at once.
const LANES: usize = 4;

/// The table leaves out no phase that a migration can be in, and no part of the fence.
#[test]
fn the_table_is_spread_over_everything() {
    let known = names();
    assert!(POINTS.iter().all(|point| known.iter().any(|name| name == point.place)), "{known:?}");
    let phases: BTreeSet<Phase> = POINTS.iter().map(|point| point.phase).collect();
    let over = [Phase::Pending, Phase::Failed, Phase::Aborted, Phase::Completed];
    let expected: BTreeSet<Phase> = Phase::ALL.into_iter().filter(|phase| !over.contains(phase)).collect();
    assert!(phases.is_superset(&expected), "{phases:?}");
    for number in 1..=10 {
        let stem = format!("F{number}");
        let of_it =
            |name: &str| name.starts_with(&stem) && !name[stem.len()..].starts_with(|next: char| next.is_ascii_digit());
        assert!(STATEMENTS.iter().any(|name| of_it(name)), "{stem}");
        assert!(POINTS.iter().any(|point| of_it(point.place)), "{stem}");
    }
    assert!(
        [End::NothingLeft, End::Detached]
            .iter()
            .all(|end| POINTS.iter().filter(|point| point.end == *end).count() > 12)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wherever_it_is_given_up_what_the_design_says_is_left() {
    let servers = shared();
    let before = [of_the_server(&servers.0).await, of_the_server(&servers.1).await];
    let lanes = Arc::new(Semaphore::new(LANES));
    let points: Vec<_> = POINTS
        .iter()
        .map(|point| {
            let lanes = lanes.clone();
            tokio::spawn(async move {
                let _lane = lanes.acquire().await.unwrap();
                play(*point).await
            })
        })
        .collect();
    let mut failed = Vec::new();
    for (point, played) in POINTS.iter().zip(points) {
        match played.await {
            Ok(Line { ended, took, acknowledged }) => println!(
                "{:16} {:22} {:6} {:10} {acknowledged:4} writes, {:5.1} s",
                point.phase.as_str(),
                point.place,
                point.how.name(),
                ended,
                took.as_secs_f64()
            ),
            // What was wrong has been printed by the task.
            Err(_) => failed.push(format!("{} {} {}", point.phase, point.place, point.how.name())),
        }
    }
    assert!(failed.is_empty(), "{} of {}: {failed:#?}", failed.len(), POINTS.len());
    assert_eq!([of_the_server(&servers.0).await, of_the_server(&servers.1).await], before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_out_of_the_workers_reach_is_told_of_by_name_and_cleaned_later() {
    away::target_cut().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_out_of_the_workers_reach_is_told_of_by_name_and_cleaned_later() {
    away::source_cut().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_down_while_a_new_worker_takes_back_is_cleaned_when_it_is_up() {
    away::servers_down().await;
}
