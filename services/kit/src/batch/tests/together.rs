//! Which calls go together, and when.

use std::sync::Weak;

use super::*;
use crate::http::context::Context;

#[tokio::test]
async fn one_goes_at_once_and_what_comes_meanwhile_goes_together_each_key_once() {
    let world = World::new(64, 1, 100);
    let first = world.ask_all(&[9]).await;
    assert_eq!(world.seen(), [[9]]);
    let others = world.ask_all(&[5, 3, 4, 3, 9, 3]).await;
    assert_eq!(world.seen().len(), 1, "one batch is under way");
    world.let_go();
    assert_eq!(answers(told(first).await), [(9, true)]);
    let others = answers(told(others).await);
    assert_eq!(others, [(5, true), (3, true), (4, true), (3, false), (9, true), (3, false)]);
    assert_eq!(world.seen(), [vec![9], vec![3, 4, 5, 9]]);
    let sizes = world.metrics.pool.batches.with_label_values(&["fake"]);
    assert_eq!((sizes.get_sample_count(), sizes.get_sample_sum()), (2, 7.0));
}

#[tokio::test]
async fn a_batch_has_a_largest_size_and_so_many_are_under_way() {
    let world = World::new(3, 2, 100);
    let asking = world.ask_all(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).await;
    assert_eq!(world.seen(), [[1], [2]]);
    world.let_go();
    assert_eq!(answers(told(asking).await).len(), 9);
    assert_eq!(world.seen()[2..], [vec![3, 4, 5], vec![6, 7, 8], vec![9]]);
}

#[tokio::test]
async fn what_comes_at_the_same_moment_goes_together() {
    let world = World::new(64, 1, 100);
    world.let_go();
    turns().await;
    let asking: Vec<_> = (0..10)
        .map(|key| {
            let batcher = world.batcher.clone();
            tokio::spawn(async move { batcher.ask(key).await })
        })
        .collect();
    assert_eq!(answers(told(asking).await).len(), 10);
    assert_eq!(world.seen().len(), 1, "{:?}", world.seen());
}

#[tokio::test]
async fn more_than_may_wait_are_refused_at_once() {
    let world = World::new(64, 1, 2);
    let mut asking = world.ask_all(&[1, 2, 3]).await;
    let refused = world.ask(4).await.await.unwrap();
    assert!(matches!(refused, Err(BatchError::Full)), "{refused:?}");
    world.let_go();
    asking.push(world.ask(5).await);
    assert_eq!(answers(told(asking).await).len(), 4);
}

#[tokio::test]
async fn the_work_knows_which_request_asks() {
    let world = World::new(64, 1, 100);
    world.let_go();
    let asking = world.batcher.ask(1);
    Context::of_cause(Some("request-1"), Duration::from_secs(5)).scope(asking).await.unwrap();
    world.batcher.ask(2).await.unwrap();
    assert_eq!(*world.state.requests.lock().unwrap(), [Some("request-1".to_owned()), None]);
}

#[tokio::test]
async fn with_the_last_who_can_ask_the_tasks_end_once_everybody_has_an_answer() {
    let World { batcher, state, gate, .. } = World::new(64, 3, 100);
    let watched: Weak<State> = Arc::downgrade(&state);
    let asking: Vec<_> = (0..4)
        .map(|key| {
            let batcher = batcher.clone();
            tokio::spawn(async move { batcher.ask(key).await })
        })
        .collect();
    turns().await;
    drop((batcher, state));
    gate.add_permits(100);
    assert_eq!(answers(told(asking).await).len(), 4);
    turns().await;
    assert!(watched.upgrade().is_none(), "the work is gone with its tasks");
}

#[test]
fn what_is_answered_to_callers() {
    let problem = |error: BatchError<DbError>| Problem::from(error);
    let refused = || BatchError::Failed(Arc::new(DbError::NoConnection));
    assert_eq!(problem(BatchError::Full).kind(), AT_CAPACITY);
    assert_eq!(problem(BatchError::Late).kind(), DATABASE_UNAVAILABLE);
    assert_eq!(problem(BatchError::Lost).kind(), INTERNAL);
    assert_eq!(problem(refused()), Problem::from(DbError::NoConnection));
    for error in [BatchError::Full, BatchError::Late, refused()] {
        assert_eq!(problem(error).retry_after_s, Some(1), "503 says when to come again");
    }
}
