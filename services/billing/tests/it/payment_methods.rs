//! Payment methods: for the verified, begun here, finished between the person and Stripe.

use crate::platform::{ANN, BOB, MONTHLY, NOBODY, Platform};
use rerp_kit::problem::catalogue::{DEPENDENCY_UNAVAILABLE, INVALID_VALUE, KEY_REUSED, NOT_FOUND, NOT_VERIFIED};
use serde_json::{Value, json};

const KEY: Option<&str> = Some("0191f7a1-3f0c-7000-8000-0000000000e1");

fn of(person: &str) -> Value {
    json!({ "human_name_id": person })
}

impl Platform {
    /// What the person's browser does.
    async fn give(&self, begun: &crate::platform::Answer, card: &str) {
        let secret = begun.body["client_secret"].as_str().unwrap_or_else(|| panic!("{}", begun.body));
        let setup = secret.split("_secret_").next().unwrap();
        let given =
            self.stripe("POST", &format!("setup_intents/{setup}/confirm"), &format!("payment_method={card}")).await;
        assert_eq!(given.status, 200, "{}", given.body);
    }

    async fn methods(&self) -> Vec<Value> {
        let page = self.get(&format!("payment-methods/{BOB}")).await;
        page.body["items"].as_array().unwrap_or_else(|| panic!("{}", page.body)).clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_verified_add_one() {
    let p = Platform::start().await;
    assert!(p.post(None, "payment-methods", &of(ANN)).await.is(NOT_VERIFIED));
    assert!(p.post(None, "payment-methods", &of(NOBODY)).await.is(INVALID_VALUE));
    assert!(p.get("payment-methods/x").await.is(NOT_FOUND));
    assert_eq!(p.rows("stripe_payment_methods").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_added_last_is_charged() {
    let p = Platform::start().await;
    let first = p.post(KEY, "payment-methods", &of(BOB)).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(p.methods().await[0]["usable"], json!(false));
    p.give(&first, "pm_card_mastercard").await;
    let second = p.post(None, "payment-methods", &of(BOB)).await;
    p.give(&second, "pm_card_visa").await;
    // In whatever order we hear of them.
    p.hear(&json!({ "shuffled": true, "seed": 5, "doubled_percent": 50 })).await;
    let methods = p.methods().await;
    let shown: Vec<_> =
        methods.iter().map(|one| (one["brand"].clone(), one["last4"].clone(), one["usable"].clone())).collect();
    assert_eq!(shown, [(json!("mastercard"), json!("4444"), json!(true)), (json!("visa"), json!("4242"), json!(true))]);
    let customer = p.stripe("GET", "customers", "").await.body["data"][0].clone();
    let preferred = customer["invoice_settings"]["default_payment_method"].as_str().unwrap().to_owned();
    let method = p.stripe("GET", &format!("payment_methods/{preferred}"), "").await;
    assert_eq!(method.body["card"]["brand"], json!("visa"));
    // So a trial goes on by itself when it ends.
    let body = json!({ "account_id": crate::platform::ACCOUNT, "human_name_id": BOB, "price_id": MONTHLY });
    assert_eq!(p.post(None, "subscriptions", &body).await.body["status"], json!("trialing"));
    p.later(15 * 86_400).await;
    p.hear(&json!({})).await;
    let now = p.get(&format!("subscription/{}", crate::platform::ACCOUNT)).await;
    assert_eq!(now.body["status"], json!("active"), "{}", now.body);
    // Taken back at Stripe it is gone here.
    p.stripe("POST", &format!("payment_methods/{preferred}/detach"), "").await;
    p.hear(&json!({})).await;
    assert_eq!(p.methods().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_begins_one_setup_whatever_answer_was_lost() {
    let p = Platform::start().await;
    let lost = json!({ "vendor": "stripe", "moment": "after", "status": 500, "times": 3 });
    p.sandbox("POST", "faults", &lost).await;
    assert!(p.post(KEY, "payment-methods", &of(BOB)).await.is(DEPENDENCY_UNAVAILABLE));
    let (begun, again) =
        (p.post(KEY, "payment-methods", &of(BOB)).await, p.post(KEY, "payment-methods", &of(BOB)).await);
    assert_eq!((begun.status, &begun.body), (201, &again.body));
    assert_eq!(p.stripe("GET", "setup_intents", "").await.body["data"].as_array().map(Vec::len), Some(1));
    assert!(p.post(KEY, "payment-methods", &of(ANN)).await.is(NOT_VERIFIED));
    p.person_is_verified(ANN).await;
    assert!(p.post(KEY, "payment-methods", &of(ANN)).await.is(KEY_REUSED));
}
