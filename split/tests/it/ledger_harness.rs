//! The harness itself: writers on one side, a clean ledger, a checker that can fail.

use crate::support::cluster::shared;
use crate::support::route::Route;
use crate::support::side::{Side, unique};
use crate::support::writer::{Load, Writers};
use crate::support::{check, ledger};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_of_an_undisturbed_side_is_clean_and_a_tampered_one_is_not() {
    let (one, two) = shared();
    let name = unique("harness");
    let source = Side::create(one, &format!("{name}_s")).await;
    let target = Side::create(two, &format!("{name}_t")).await;
    source.migrate().await.batch_execute(ledger::TABLES).await.unwrap();

    let writers = Writers::start(Route::new([source.clone(), target], 0), Load::default()).await;
    writers.more(500).await;
    let ledger = writers.stop().await;

    let admin = source.admin().await;
    let verdict = check::compare(&admin, &ledger.acks()).await;
    assert!(verdict.is_clean() && verdict.acknowledged >= 500, "{verdict:?} {:?}", ledger.errors());

    let tamper = "DELETE FROM app.entry WHERE (writer, n) = (SELECT writer, n FROM app.entry LIMIT 1);
                  UPDATE app.item SET v = v + 3 WHERE key = 1";
    admin.batch_execute(tamper).await.unwrap();
    let verdict = check::compare(&admin, &ledger.acks()).await;
    assert_eq!(verdict.lost, 1, "{verdict:?}");
    assert!(verdict.duplicated >= 3, "{verdict:?}");
}
