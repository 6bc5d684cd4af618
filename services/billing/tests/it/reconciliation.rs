//! The nightly comparison: nothing to find when events came, everything found when they didn't; and wishes that outlive Stripe's keys.

use crate::platform::{ACCOUNT, ANN, BOB, MONTHLY, Platform};
use rerp_billing::reconcile;
use rerp_billing::store::reconciliation::{Found, begin, finish};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_never_came_are_found_and_mended() {
    let p = Platform::start().await;
    let made = p.subscribe(None, ANN, MONTHLY).await;
    p.pay(&made, "pm_card_visa").await;
    // Nothing is heard of it.
    assert_eq!(reconcile::run(&p.mirror()).await.unwrap(), Found { compared: 1, differences: 1, unknown: 0 });
    assert_eq!(p.get(&format!("subscription/{ACCOUNT}")).await.body["status"], json!("active"));
    assert_eq!(reconcile::run(&p.mirror()).await.unwrap(), Found { compared: 1, differences: 0, unknown: 0 });
    p.billing.define("DELETE FROM svc.stripe_subscriptions").await;
    assert_eq!(reconcile::run(&p.mirror()).await.unwrap(), Found { compared: 0, differences: 0, unknown: 1 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_night_has_one_turn_at_most() {
    let p = Platform::start().await;
    let db = &p.state.db.at_work();
    let (one, two) = tokio::join!(begin(db), begin(db));
    let begun = i64::from(one.unwrap()) + i64::from(two.unwrap());
    // Before two in the morning nobody has one.
    let due = p.billing.number("SELECT (extract(hour FROM now() AT TIME ZONE 'UTC') >= 2)::int::bigint").await;
    assert_eq!((begun, p.rows("reconciliations").await), (due, due));
    finish(db, Found { compared: 3, differences: 1, unknown: 0 }).await.unwrap();
    assert_eq!(p.rows("reconciliations WHERE finished_at IS NOT NULL AND compared = 3 AND differences = 1").await, due);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_older_than_stripes_memory_is_looked_for_and_not_made_twice() {
    let p = Platform::start().await;
    assert_eq!(p.subscribe(None, BOB, MONTHLY).await.body["status"], json!("trialing"));
    // As if both answers had been lost, two days ago.
    p.billing
        .define(
            "UPDATE svc.stripe_subscriptions SET created_at = now() - interval '2 days', stripe_subscription_id = NULL, status = NULL;
             UPDATE svc.stripe_customers SET created_at = now() - interval '2 days', stripe_customer_id = NULL",
        )
        .await;
    assert_eq!(p.stripe("POST", "test_helpers/forget_keys", "").await.status, 200);
    assert_eq!(p.asking().resume().await.unwrap(), 1);
    assert_eq!(p.stripe("GET", "subscriptions?status=all", "").await.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(p.stripe("GET", "customers", "").await.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(p.get(&format!("subscription/{ACCOUNT}")).await.body["status"], json!("trialing"));
}
