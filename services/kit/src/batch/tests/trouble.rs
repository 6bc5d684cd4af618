//! Failures, panics, callers who go away, and time that is over.

use super::*;
use crate::http::context::Context;

#[tokio::test]
async fn a_failure_is_told_to_everybody_of_its_batch_and_to_nobody_else() {
    let world = World::new(64, 1, 100);
    let first = world.ask(1).await;
    let failing = world.ask_all(&[2, FAILS, FAILS]).await;
    world.let_go();
    assert_eq!(first.await.unwrap().unwrap(), (1, true));
    for told in told(failing).await {
        assert!(matches!(&told, Err(BatchError::Failed(error)) if **error == Broken::All), "{told:?}");
    }
    assert_eq!(world.ask(2).await.await.unwrap().unwrap(), (2, true));
    assert_eq!(world.seen(), [vec![1], vec![2, FAILS], vec![2]]);
}

#[tokio::test]
async fn whoever_is_at_fault_alone_fails_alone() {
    let world = World::new(64, 1, 100);
    let first = world.ask(1).await;
    let mut asking = world.ask_all(&[3, 2, 3, AT_FAULT]).await;
    world.let_go();
    first.await.unwrap().unwrap();
    let at_fault = asking.pop().unwrap().await.unwrap();
    assert!(matches!(&at_fault, Err(BatchError::Failed(error)) if **error == Broken::One), "{at_fault:?}");
    assert_eq!(answers(told(asking).await), [(3, true), (2, true), (3, false)]);
    assert_eq!(world.seen()[1..], [vec![2, 3, AT_FAULT], vec![2], vec![3], vec![AT_FAULT]]);
    let alone = world.ask(AT_FAULT).await.await.unwrap();
    assert!(matches!(&alone, Err(BatchError::Failed(error)) if **error == Broken::One), "{alone:?}");
    assert_eq!(world.seen().len(), 6, "one that is alone isn't tried again");
}

#[tokio::test]
async fn who_goes_away_is_left_out_and_leaves_the_others_their_answers() {
    let world = World::new(64, 1, 100);
    let first = world.ask(1).await;
    let mut asking = world.ask_all(&[2, 3, 3]).await;
    asking.remove(0).abort();
    turns().await;
    world.gate.add_permits(1);
    assert_eq!(first.await.unwrap().unwrap(), (1, true));
    turns().await;
    assert_eq!(world.seen(), [[1], [3]], "nobody wants to know of 2 any more");
    // While its batch is under way: what was the first one's to hear is now the next one's.
    asking.remove(0).abort();
    turns().await;
    world.let_go();
    assert_eq!(answers(told(asking).await), [(3, true)]);
    // All of a batch.
    let held = World::new(64, 1, 100);
    let first = held.ask(1).await;
    held.ask(2).await.abort();
    turns().await;
    held.let_go();
    first.await.unwrap().unwrap();
    assert_eq!(held.ask(3).await.await.unwrap().unwrap(), (3, true));
    assert_eq!(held.seen(), [[1], [3]]);
}

#[tokio::test]
async fn a_panic_costs_its_batch_and_no_other_and_so_does_a_missing_answer() {
    let world = World::new(64, 1, 100);
    world.let_go();
    for key in [PANICS, FORGETS] {
        let told = world.ask(key).await.await.unwrap();
        assert!(matches!(told, Err(BatchError::Lost)), "{told:?}");
        assert_eq!(world.ask(1).await.await.unwrap().unwrap(), (1, true));
    }
}

#[tokio::test]
async fn nobody_waits_longer_than_there_is_time_and_the_others_go_on() {
    let world = World::new(64, 1, 100);
    let first = world.ask(1).await;
    let patient = world.ask(2).await;
    let hurried = Context::of_cause(Some("request-1"), Duration::from_millis(40)).scope(world.batcher.ask(3)).await;
    assert!(matches!(hurried, Err(BatchError::Late)), "{hurried:?}");
    // A batch itself ends with the time of the last who waits for it.
    let gone = Context::of_cause(None, Duration::ZERO).scope(world.batcher.ask(4)).await;
    assert!(matches!(gone, Err(BatchError::Late)), "{gone:?}");
    world.let_go();
    assert_eq!((first.await.unwrap().unwrap(), patient.await.unwrap().unwrap()), ((1, true), (2, true)));
    assert_eq!(world.seen(), [[1], [2]]);
}

#[tokio::test]
async fn work_that_hangs_ends_with_the_time_of_who_waits_for_it() {
    let world = World::new(64, 1, 100);
    let hung = Context::of_cause(None, Duration::from_millis(40)).scope(world.batcher.ask(1)).await;
    assert!(matches!(hung, Err(BatchError::Late)), "{hung:?}");
    // Nobody lets go, and still the next one's turn comes.
    let next = world.ask(2).await;
    let begun = async {
        while world.seen().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), begun).await.unwrap();
    world.let_go();
    assert_eq!(next.await.unwrap().unwrap(), (2, true));
}
