//! Payment methods: for the verified, begun here, finished between the person and Stripe.

use crate::platform::{ANN, BOB, MONTHLY, NOBODY, PUBLISHABLE, Platform};
use rerp_kit::problem::catalogue::{
    DEPENDENCY_UNAVAILABLE, IN_USE, INVALID_VALUE, KEY_REUSED, NOT_FOUND, NOT_VERIFIED,
};
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

    async fn remove(&self, person: &str, method: &Value) -> crate::platform::Answer {
        let url = format!("http://{}/api/billing/payment-methods/{person}/{}", self.at, method.as_str().unwrap());
        self.raw("DELETE", url, &[], String::new()).await
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
    assert_eq!((first.status, &first.body["publishable_key"]), (201, &json!(PUBLISHABLE)), "{}", first.body);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_one_back_pays_with_another() {
    let p = Platform::start().await;
    for card in ["pm_card_mastercard", "pm_card_visa"] {
        let begun = p.post(None, "payment-methods", &of(BOB)).await;
        p.give(&begun, card).await;
        p.hear(&json!({})).await;
    }
    let methods = p.methods().await;
    let [mastercard, visa] = &methods[..] else { panic!("two methods") };
    let (mastercard, visa) = (&mastercard["payment_method_id"], &visa["payment_method_id"]);
    let body = json!({ "account_id": crate::platform::ACCOUNT, "human_name_id": BOB, "price_id": MONTHLY });
    assert_eq!(p.post(None, "subscriptions", &body).await.body["status"], json!("trialing"));
    p.later(15 * 86_400).await;
    p.hear(&json!({})).await;
    assert!(p.remove(ANN, visa).await.is(NOT_FOUND), "it isn't hers");
    assert_eq!(p.remove(BOB, visa).await.status, 204);
    assert!(p.remove(BOB, visa).await.is(NOT_FOUND));
    assert_eq!(p.methods().await.len(), 1);
    assert_eq!(p.rows("stripe_payment_methods WHERE detached_at IS NOT NULL AND leave_asked_at IS NOT NULL").await, 1);
    // The next month is paid with what is left, which therefore has to stay.
    p.later(32 * 86_400).await;
    p.hear(&json!({})).await;
    let now = p.get(&format!("subscription/{}", crate::platform::ACCOUNT)).await;
    assert_eq!(now.body["status"], json!("active"), "{}", now.body);
    assert!(p.remove(BOB, mastercard).await.is(IN_USE));
    p.billing.define("UPDATE svc.stripe_subscriptions SET cancel_at_period_end = true").await;
    assert_eq!(p.remove(BOB, mastercard).await.status, 204, "what ends needs nothing any more");
    assert!(p.methods().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_taken_back_is_shown_to_nobody_while_stripe_is_away_and_forgotten_later() {
    let p = Platform::start().await;
    let begun = p.post(None, "payment-methods", &of(BOB)).await;
    // Before the person has finished with Stripe.
    assert_eq!(p.remove(BOB, &begun.body["payment_method_id"]).await.status, 204);
    assert!(p.methods().await.is_empty());
    p.give(&begun, "pm_card_visa").await;
    p.hear(&json!({})).await;
    assert!(p.methods().await.is_empty());
    p.billing.define("UPDATE svc.stripe_payment_methods SET leave_asked_at = now() - interval '2 minutes'").await;
    let away = json!({ "vendor": "stripe", "moment": "before", "status": 503, "times": 3 });
    p.sandbox("POST", "faults", &away).await;
    assert_eq!(p.asking().resume().await.unwrap(), 0);
    assert_eq!((p.asking().resume().await.unwrap(), p.asking().resume().await.unwrap()), (1, 0));
    assert_eq!(p.rows("stripe_payment_methods WHERE detached_at IS NULL").await, 0);
    let left = p.stripe("GET", "payment_methods", "").await.body["data"][0]["customer"].clone();
    assert_eq!(left, Value::Null);
}
