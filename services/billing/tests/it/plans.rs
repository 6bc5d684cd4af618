//! What is offered: declared whole, made at Stripe once, never changed under those who have it.

use crate::platform::{ACCOUNT, ANN, MONTHLY, Platform};
use rerp_kit::problem::catalogue::{DEPENDENCY_UNAVAILABLE, INVALID_VALUE};
use serde_json::{Value, json};

fn plan(prices: &Value) -> Value {
    json!({ "name": "Basic", "trial_days": 14, "prices": prices })
}

impl Platform {
    async fn offered(&self) -> Vec<(i64, String)> {
        let plans = self.get("plans").await.body;
        let prices = plans["items"][0]["prices"].as_array().unwrap_or_else(|| panic!("{plans}")).clone();
        prices
            .iter()
            .map(|one| (one["amount"].as_i64().unwrap(), one["interval"].as_str().unwrap().to_owned()))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_price_takes_the_place_of_the_old_and_who_has_that_keeps_it() {
    let p = Platform::start().await;
    assert_eq!(p.subscribe(None, ANN, MONTHLY).await.status, 201);
    let prices = json!([{ "amount": 2100, "currency": "EUR", "interval": "month" }, { "amount": 21000, "currency": "eur", "interval": "year" }]);
    for _ in 0..2 {
        assert_eq!(p.put("plans/basic", &plan(&prices)).await.status, 204);
        assert_eq!(p.offered().await, [(2100, "month".to_owned()), (21000, "year".to_owned())]);
    }
    assert_eq!(p.get(&format!("subscription/{ACCOUNT}")).await.body["price_id"], json!(MONTHLY));
    assert!(p.subscribe(None, ANN, MONTHLY).await.is(INVALID_VALUE), "nobody can choose it any more");
    let there = p.stripe("GET", "prices", "").await.body["data"].as_array().map(Vec::len);
    assert_eq!(there, Some(4));
    // Without prices a plan is retired.
    assert_eq!(p.put("plans/basic", &plan(&json!([]))).await.status, 204);
    let codes = p.get("plans").await.body["items"].as_array().map(Vec::len);
    assert_eq!(codes, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_is_offered_once_stripe_has_it_and_made_once() {
    let p = Platform::start().await;
    let lost = json!({ "vendor": "stripe", "moment": "after", "status": 500, "times": 3 });
    p.sandbox("POST", "faults", &lost).await;
    let prices = json!([{ "amount": 5, "currency": "usd", "interval": "year" }]);
    assert!(p.put("plans/basic", &plan(&prices)).await.is(DEPENDENCY_UNAVAILABLE));
    assert_eq!(
        p.get("plans").await.body["items"].as_array().map(Vec::len),
        Some(1),
        "the old one is gone, the new one not there yet"
    );
    assert_eq!(p.asking().resume().await.unwrap(), 1);
    assert_eq!(p.offered().await, [(5, "year".to_owned())]);
    assert_eq!(p.stripe("GET", "prices", "").await.body["data"].as_array().map(Vec::len), Some(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_says_how_many_seats_it_has_or_nothing() {
    let p = Platform::start().await;
    let mut declared = plan(&json!([{ "amount": 1900, "currency": "eur", "interval": "month" }]));
    assert_eq!(p.get("plans").await.body["items"][0]["seats"], Value::Null);
    for (seats, told) in [(json!(3), json!(3)), (json!(5), json!(5)), (Value::Null, Value::Null)] {
        declared["seats"] = seats;
        assert_eq!(p.put("plans/basic", &declared).await.status, 204);
        assert_eq!(p.get("plans").await.body["items"][0]["seats"], told);
    }
    declared["seats"] = json!(0);
    let wrong = p.put("plans/basic", &declared).await;
    assert!(wrong.is(INVALID_VALUE) && wrong.pointer() == "/seats", "{}", wrong.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_declaration_changes_nothing() {
    let p = Platform::start().await;
    let before = p.get("plans").await.body;
    let wrong = p.put("plans/Basic", &plan(&json!([{ "amount": -1, "currency": "eur", "interval": "day" }]))).await;
    assert!(wrong.is(INVALID_VALUE), "{}", wrong.body);
    assert_eq!(wrong.body["errors"].as_array().map(Vec::len), Some(3));
    assert_eq!(p.get("plans").await.body, before);
}
