//! Another price for a subscription: what was previewed is what is charged, and nobody pays more than they agreed to.

use crate::platform::{ACCOUNT, ANN, Answer, BOB, MONTHLY, NOBODY, PUBLISHABLE, Platform, YEARLY};
use rerp_kit::problem::catalogue::{
    CHANGED_MEANWHILE, DEPENDENCY_UNAVAILABLE, ENDED, IN_PROGRESS, INVALID_BODY, INVALID_VALUE, NOT_FOUND,
    PAYMENT_REFUSED, VERSION_REQUIRED,
};
use serde_json::{Value, json};

const DAY: i64 = 86_400;

impl Platform {
    async fn preview_price(&self, price: &str) -> Answer {
        self.post(None, &format!("subscription/{ACCOUNT}/preview"), &json!({ "price_id": price })).await
    }

    async fn change_price(&self, version: &str, price: &str, most: i64) -> Answer {
        let url = format!("http://{}/api/billing/subscription/{ACCOUNT}/price", self.at);
        let headers = [("content-type", "application/json"), ("if-match", version)];
        self.raw("PUT", url, &headers, json!({ "price_id": price, "due_at_most": most }).to_string()).await
    }

    /// A price of a new plan; its identifier.
    pub(crate) async fn plan_at(&self, code: &str, amount: i64, currency: &str) -> String {
        let prices = json!([{ "amount": amount, "currency": currency, "interval": "month" }]);
        assert_eq!(self.put(&format!("plans/{code}"), &json!({ "name": code, "prices": prices })).await.status, 204);
        let plans = self.get("plans").await.body;
        let plan = plans["items"].as_array().unwrap().iter().find(|plan| plan["code"] == code).unwrap();
        plan["prices"][0]["price_id"].as_str().unwrap().to_owned()
    }

    /// Ann's subscription, which is paid for.
    pub(crate) async fn paid(&self) {
        let made = self.subscribe(None, ANN, MONTHLY).await;
        assert_eq!(made.body["publishable_key"], json!(PUBLISHABLE), "{}", made.body);
        self.pay(&made, "pm_card_visa").await;
        self.hear(&json!({})).await;
    }

    async fn now(&self) -> Answer {
        self.get(&format!("subscription/{ACCOUNT}")).await
    }

    async fn invoices(&self) -> Vec<Value> {
        self.get(&format!("invoices/{ACCOUNT}")).await.body["items"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_previewed_is_what_is_charged() {
    let p = Platform::start().await;
    let dearer = p.plan_at("max", 3900, "eur").await;
    p.paid().await;
    let before = p.now().await;
    p.later(10 * DAY).await;
    let preview = p.preview_price(&dearer).await;
    assert_eq!((preview.status, preview.header("cache-control")), (200, "no-store"), "{}", preview.body);
    let seen = &preview.body;
    let amounts: Vec<i64> =
        seen["lines"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap()).collect();
    let due = seen["due_now"].as_i64().unwrap();
    assert!(due > 1000 && due < 2000 && amounts.len() == 2 && amounts.iter().sum::<i64>() == due, "{seen}");
    assert_eq!((&seen["credit"], &seen["currency"], &seen["price_id"]), (&json!(0), &json!("eur"), &json!(dearer)));
    assert_eq!(seen["next_invoice"], json!({ "amount": 3900, "at": before.body["current_period_end"] }));
    assert_eq!(p.now().await.body, before.body, "nothing has changed by it");

    let version = before.header("etag").to_owned();
    let less = p.change_price(&version, &dearer, due - 1).await;
    assert!(less.is(INVALID_VALUE) && less.pointer() == "/due_at_most", "{}", less.body);
    let changed = p.change_price(&version, &dearer, due).await;
    assert_eq!((changed.status, &changed.body["price_id"]), (200, &json!(dearer)), "{}", changed.body);
    assert_ne!((&changed.body["plan_id"], changed.header("etag")), (&before.body["plan_id"], &*version));
    assert_eq!(changed.body["current_period_end"], before.body["current_period_end"]);
    p.hear(&json!({ "shuffled": true, "seed": 7, "doubled_percent": 50 })).await;
    let paid: Vec<_> = p.invoices().await.iter().map(|one| one["amount_paid"].clone()).collect();
    assert!(paid.len() == 2 && paid.contains(&json!(due)) && paid.contains(&json!(1900)), "{paid:?}");

    // Who asks again, having read what it is now, pays nothing more.
    let again = p.change_price(changed.header("etag"), &dearer, 0).await;
    assert_eq!((again.status, &again.body["price_id"]), (200, &json!(dearer)), "{}", again.body);
    assert!(p.change_price(&version, &dearer, due).await.is(CHANGED_MEANWHILE));
    assert!(p.preview_price(&dearer).await.is(INVALID_VALUE), "it has it");
    p.later(31 * DAY).await;
    p.hear(&json!({})).await;
    assert_eq!(p.rows("stripe_invoices WHERE status = 'paid' AND amount_paid = 3900").await, 1, "as the preview said");
    assert_eq!(p.rows("stripe_invoices").await, 3);
    let told = format!(
        "SELECT count(*) FROM svc.outbox WHERE data ->> 'plan_id' = '{}'",
        changed.body["plan_id"].as_str().unwrap()
    );
    assert!(p.billing.number(&told).await >= 1, "others hear of the plan");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cheaper_price_leaves_a_credit_and_another_interval_begins_at_once() {
    let p = Platform::start().await;
    let cheaper = p.plan_at("mini", 500, "eur").await;
    p.paid().await;
    let seen = p.preview_price(&cheaper).await.body;
    assert_eq!((&seen["due_now"], &seen["next_invoice"]["amount"]), (&json!(0), &json!(0)), "{seen}");
    let credit = seen["credit"].as_i64().unwrap();
    assert!((1390..=1400).contains(&credit), "{seen}");
    assert_eq!(p.change_price("*", &cheaper, 0).await.status, 200);
    // The credit pays for a part of the year.
    let seen = p.preview_price(YEARLY).await.body;
    let due = seen["due_now"].as_i64().unwrap();
    assert!((17_090..=17_120).contains(&due), "{seen}");
    assert_eq!((&seen["next_invoice"]["amount"], seen["lines"].as_array().map(Vec::len)), (&json!(19_000), Some(2)));
    let changed = p.change_price("*", YEARLY, due).await;
    assert_eq!((changed.status, &changed.body["price_id"]), (200, &json!(YEARLY)), "{}", changed.body);
    assert_eq!(changed.body["current_period_end"], seen["next_invoice"]["at"]);
    p.hear(&json!({ "shuffled": true, "seed": 2 })).await;
    assert_eq!(p.rows(&format!("stripe_invoices WHERE amount_paid BETWEEN {} AND {due}", due - 10)).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_paid_changes_nothing() {
    let p = Platform::start().await;
    let dearer = p.plan_at("max", 3900, "eur").await;
    p.paid().await;
    let customer = p.stripe("GET", "customers", "").await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let subscription = p.stripe("GET", "subscriptions", "").await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let card =
        p.stripe("POST", "payment_methods/pm_card_chargeCustomerFail/attach", &format!("customer={customer}")).await;
    let default = format!("default_payment_method={}", card.body["id"].as_str().unwrap());
    assert_eq!(p.stripe("POST", &format!("subscriptions/{subscription}"), &default).await.status, 200);
    let refused = p.change_price("*", &dearer, 5000).await;
    assert!(refused.is(PAYMENT_REFUSED), "{}", refused.body);
    let detached = p.stripe("POST", &format!("payment_methods/{}/detach", card.body["id"].as_str().unwrap()), "").await;
    assert_eq!(detached.status, 200);
    let nothing = p.change_price("*", &dearer, 5000).await;
    assert!(nothing.is(PAYMENT_REFUSED), "{}", nothing.body);
    assert_eq!(p.now().await.body["price_id"], json!(MONTHLY));
    p.hear(&json!({})).await;
    assert_eq!(p.rows("stripe_invoices").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_a_change_that_stripe_was_not_told() {
    let p = Platform::start().await;
    let dearer = p.plan_at("max", 3900, "eur").await;
    p.paid().await;
    for preview in [true, false] {
        let fault = json!({ "vendor": "stripe", "moment": "before", "status": 503, "times": 3 });
        assert_eq!(p.sandbox("POST", "faults", &fault).await.status, 204);
        let refused = if preview { p.preview_price(&dearer).await } else { p.change_price("*", &dearer, 2000).await };
        assert!(refused.is(DEPENDENCY_UNAVAILABLE) && refused.header("retry-after") == "5", "{}", refused.body);
    }
    let negative = p.change_price("*", &dearer, -1).await;
    assert!(negative.is(INVALID_VALUE) && negative.pointer() == "/due_at_most", "{}", negative.body);
    assert_eq!(p.rows("stripe_subscriptions WHERE change_key IS NOT NULL").await, 0);
    assert_eq!(p.change_price("*", &dearer, 2000).await.status, 200, "who asks again needn't wait");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_goes_on_and_what_can_not_be_is_a_problem() {
    let p = Platform::start().await;
    let (dearer, dollars) = (p.plan_at("max", 3900, "eur").await, p.plan_at("us", 3900, "usd").await);
    assert!(p.preview_price(&dearer).await.is(NOT_FOUND) && p.change_price("*", &dearer, 0).await.is(NOT_FOUND));
    let made = p.subscribe(None, BOB, MONTHLY).await;
    assert_eq!(made.body["status"], json!("trialing"));
    let seen = p.preview_price(&dearer).await.body;
    assert_eq!((&seen["due_now"], &seen["lines"]), (&json!(0), &json!([])), "{seen}");
    assert_eq!(seen["next_invoice"], json!({ "amount": 3900, "at": made.body["trial_end"] }));
    for (price, pointer) in
        [("x", "/price_id"), (NOBODY, "/price_id"), (&*dollars, "/price_id"), (MONTHLY, "/price_id")]
    {
        let refused = p.preview_price(price).await;
        assert!(refused.is(INVALID_VALUE) && refused.pointer() == pointer, "{price}: {}", refused.body);
    }
    let path = format!("subscription/{ACCOUNT}/price");
    assert!(p.put(&path, &json!({ "price_id": dearer, "due_at_most": 0 })).await.is(VERSION_REQUIRED));
    assert!(p.put(&path, &json!({ "price_id": dearer })).await.is(INVALID_BODY), "nobody agrees to whatever it is");
    p.billing.define("UPDATE svc.stripe_subscriptions SET end_wish = 'stays', end_asked_at = now()").await;
    assert!(p.change_price("*", &dearer, 0).await.is(IN_PROGRESS));
    p.billing
        .define("UPDATE svc.stripe_subscriptions SET end_wish = NULL, end_asked_at = NULL, cancel_at_period_end = true")
        .await;
    assert!(p.change_price("*", &dearer, 0).await.is(INVALID_VALUE), "it ends");
    p.billing.define("UPDATE svc.stripe_subscriptions SET cancel_at_period_end = false").await;
    let changed = p.change_price("*", &dearer, 0).await;
    assert_eq!(
        (changed.status, &changed.body["status"], &changed.body["trial_end"]),
        (200, &json!("trialing"), &made.body["trial_end"])
    );
    assert_eq!(p.stripe("GET", "invoices", "").await.body["data"].as_array().map(Vec::len), Some(1));
    p.billing.define("UPDATE svc.stripe_subscriptions SET status = 'canceled'").await;
    assert!(p.preview_price(YEARLY).await.is(ENDED));
}
