//! Subscriptions from the first wish to the end, asked for once whatever goes wrong in between.

use crate::platform::{ACCOUNT, ANN, BOB, MONTHLY, NOBODY, Platform, YEARLY};
use rerp_kit::problem::catalogue::{ALREADY_EXISTS, DEPENDENCY_UNAVAILABLE, INVALID_VALUE, KEY_REUSED, NOT_FOUND};
use serde_json::json;

const DAY: i64 = 86_400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_are_listed_and_known_ones_are_not_sent_again() {
    let p = Platform::start().await;
    let plans = p.get("plans").await;
    assert_eq!(plans.status, 200);
    let codes: Vec<_> = plans.body["items"].as_array().unwrap().iter().map(|plan| plan["code"].clone()).collect();
    assert_eq!(codes, [json!("basic"), json!("pro")]);
    assert_eq!(plans.body["items"][0]["prices"][0]["amount"], json!(1900));
    assert!(plans.headers.contains_key("etag") && plans.headers.contains_key("cache-control"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_payment_makes_a_subscription_active() {
    let p = Platform::start().await;
    let made = p.subscribe(None, ANN, MONTHLY).await;
    assert_eq!((made.status, &made.body["status"]), (201, &json!("incomplete")), "{}", made.body);
    assert_eq!(made.body["entitlement"], json!({ "access": "none" }));
    p.pay(&made, "pm_card_visa").await;
    p.hear(&json!({})).await;
    let now = p.get(&format!("subscription/{ACCOUNT}")).await;
    assert_eq!((&now.body["status"], &now.body["entitlement"]), (&json!("active"), &json!({ "access": "full" })));
    assert_eq!(
        p.rows(&format!(
            "stripe_payment_intents WHERE status = 'succeeded' AND amount_received = 1900 AND account_id = '{ACCOUNT}'"
        ))
        .await,
        1
    );
    assert_eq!(p.rows("stripe_invoices WHERE status = 'paid' AND amount_paid = 1900").await, 1);
    // A year of renewals, and nobody has to do anything.
    p.later(366 * DAY).await;
    p.hear(&json!({ "shuffled": true, "seed": 1, "doubled_percent": 30 })).await;
    assert_eq!(p.get(&format!("subscription/{ACCOUNT}")).await.body["status"], json!("active"));
    assert_eq!(p.rows("stripe_invoices WHERE status = 'paid'").await, 13);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_is_for_the_verified_and_only_once() {
    let p = Platform::start().await;
    assert_eq!(p.subscribe(None, ANN, MONTHLY).await.body["status"], json!("incomplete"));
    let other = "0191f7a1-3f0c-7000-8000-0000000000a2";
    let third = "0191f7a1-3f0c-7000-8000-0000000000a3";
    let wish = |account: &str| json!({ "account_id": account, "human_name_id": BOB, "price_id": MONTHLY });
    let trial = p.post(None, "subscriptions", &wish(other)).await;
    assert_eq!((trial.status, &trial.body["status"]), (201, &json!("trialing")), "{}", trial.body);
    assert_eq!(trial.body["entitlement"], json!({ "access": "full" }));
    assert_eq!(p.post(None, "subscriptions", &wish(third)).await.body["status"], json!("incomplete"));
    // Without a payment method it is over when it ends, and what nobody paid for too.
    p.later(15 * DAY).await;
    p.hear(&json!({})).await;
    assert_eq!(p.get(&format!("subscription/{other}")).await.body["status"], json!("canceled"));
    assert_eq!(p.get(&format!("subscription/{third}")).await.body["status"], json!("incomplete_expired"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_is_refused() {
    let p = Platform::start().await;
    for (person, price, pointer) in
        [(NOBODY, MONTHLY, "/human_name_id"), (ANN, NOBODY, "/price_id"), (ANN, "x", "/price_id")]
    {
        let answer = p.subscribe(None, person, price).await;
        assert!(answer.is(INVALID_VALUE) && answer.pointer() == pointer, "{}", answer.body);
    }
    assert_eq!(p.subscribe(None, ANN, YEARLY).await.status, 201);
    assert!(p.subscribe(None, ANN, MONTHLY).await.is(ALREADY_EXISTS));
    assert!(p.get(&format!("subscription/{NOBODY}")).await.is(NOT_FOUND));
    assert_eq!(p.rows("stripe_subscriptions").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_subscribes_once_whatever_answer_was_lost() {
    let p = Platform::start().await;
    // Done at Stripe, and its answer lost, as often as it is tried.
    let lost = json!({ "vendor": "stripe", "moment": "after", "status": 500, "times": 3 });
    assert_eq!(p.sandbox("POST", "faults", &lost).await.status, 204);
    let key = Some("0191f7a1-3f0c-7000-8000-0000000000d1");
    assert!(p.subscribe(key, ANN, MONTHLY).await.is(DEPENDENCY_UNAVAILABLE));
    let made = p.subscribe(key, ANN, MONTHLY).await;
    assert_eq!((made.status, &made.body["subscription_id"]), (201, &json!(key)), "{}", made.body);
    assert_eq!(p.subscribe(key, ANN, MONTHLY).await.body["subscription_id"], json!(key));
    assert!(p.subscribe(key, ANN, YEARLY).await.is(KEY_REUSED));
    let there = p.stripe("GET", "subscriptions?status=all", "").await;
    assert_eq!(there.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(p.stripe("GET", "customers", "").await.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_whose_caller_has_gone_is_asked_for_again() {
    let p = Platform::start().await;
    let away = json!({ "vendor": "stripe", "moment": "before", "status": 503, "times": 3 });
    p.sandbox("POST", "faults", &away).await;
    assert!(p.subscribe(None, ANN, MONTHLY).await.is(DEPENDENCY_UNAVAILABLE));
    assert_eq!(p.asking().resume().await.unwrap(), 0, "too early: the caller may still be asking");
    p.billing.define("UPDATE svc.stripe_subscriptions SET created_at = now() - interval '2 minutes'").await;
    assert_eq!(p.asking().resume().await.unwrap(), 1);
    assert_eq!(p.get(&format!("subscription/{ACCOUNT}")).await.body["status"], json!("incomplete"));
    assert_eq!(p.asking().resume().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_that_was_deleted_at_stripe_is_made_anew() {
    let p = Platform::start().await;
    let ann = json!({ "human_name_id": ANN });
    assert_eq!(p.post(None, "customers", &ann).await.status, 201);
    let first = p.stripe("GET", "customers", "").await.body["data"][0]["id"].as_str().unwrap().to_owned();
    p.stripe("DELETE", &format!("customers/{first}"), "").await;
    p.hear(&json!({})).await;
    assert_eq!(p.post(None, "customers", &ann).await.status, 200);
    let asked = format!("stripe_customers WHERE stripe_customer_id IS NOT NULL AND stripe_customer_id <> '{first}'");
    assert_eq!(p.rows(&asked).await, 1, "another one, not the answer of the first time");
    assert_eq!(p.subscribe(None, ANN, MONTHLY).await.status, 201);
}
