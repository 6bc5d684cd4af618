//! Stripe's events: proven, stored once, answered at once, and true in the end in whatever order they come.

use crate::platform::{ACCOUNT, ANN, MONTHLY, Platform};
use rerp_billing::domain::subscription::Status;
use rerp_billing::domain::ticket::may_write;
use rerp_billing::http::webhook::LARGEST;
use rerp_billing::store::mirror::{self, Fetched};
use rerp_kit::problem::catalogue::{INVALID_BODY, MALFORMED_HEADER, TOO_LARGE};
use rerp_sandbox::stripe::delivery::signature;
use serde_json::{Value, json};

pub(crate) fn event(id: &str, object: &Value) -> String {
    json!({ "id": id, "type": "some.thing", "created": 1_790_000_000, "data": { "object": object } }).to_string()
}

impl Platform {
    pub(crate) async fn receive(&self, body: &str, signature: Option<&str>) -> crate::platform::Answer {
        let url = format!("http://{}/api/billing/webhooks/stripe", self.at);
        let headers: Vec<_> = signature.map(|signature| ("stripe-signature", signature)).into_iter().collect();
        self.raw("POST", url, &headers, body.to_owned()).await
    }
}

pub(crate) fn signed(body: &str) -> String {
    signature(body.as_bytes(), jiff::Timestamp::now().as_second(), &["whsec_test".to_owned()])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_stripe_signed_is_stored_and_only_once() {
    let p = Platform::start().await;
    let body = event("evt_1", &json!({ "object": "invoice", "id": "in_1" }));
    assert!(p.receive(&body, None).await.is(MALFORMED_HEADER));
    assert!(p.receive(&body, Some("t=1,v1=00")).await.is(MALFORMED_HEADER));
    assert!(p.receive(&body, Some(&signed("{}"))).await.is(MALFORMED_HEADER));
    assert!(p.receive("{}", Some(&signed("{}"))).await.is(INVALID_BODY));
    assert_eq!(p.rows("webhook_inbox").await, 0);
    for _ in 0..3 {
        assert_eq!(p.receive(&body, Some(&signed(&body))).await.status, 200);
    }
    // Types that nobody here needs are taken too, and need no work.
    let other = event("evt_2", &json!({ "object": "radar.rule", "id": "rule_1" }));
    assert_eq!(p.receive(&other, Some(&signed(&other))).await.status, 200);
    assert_eq!(p.rows("webhook_inbox").await, 2);
    assert_eq!(p.rows("webhook_inbox WHERE done_at IS NULL").await, 1);
    // There is no such invoice: nothing to write, and nothing to wait for.
    assert_eq!(p.mirror().catch_up().await.unwrap(), 1);
    assert_eq!(p.rows("webhook_inbox WHERE done_at IS NULL").await, 0);
}

/// What the gateway lets through is taken: events are larger than anything else that is sent here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_may_be_as_large_as_the_gateway_lets_it_be() {
    let p = Platform::start().await;
    let sized = |size: usize| {
        let bare = event("evt_1", &json!({ "object": "invoice", "id": "in_1", "padding": "" })).len();
        event("evt_1", &json!({ "object": "invoice", "id": "in_1", "padding": "x".repeat(size - bare) }))
    };
    let (largest, larger) = (sized(LARGEST), sized(LARGEST + 1));
    assert!(p.receive(&larger, Some(&signed(&larger))).await.is(TOO_LARGE));
    assert_eq!(p.rows("webhook_inbox").await, 0);
    assert_eq!(p.receive(&largest, Some(&signed(&largest))).await.status, 200);
    let plan = json!({ "name": "x".repeat(65 * 1024), "prices": [] });
    assert!(p.put("plans/huge", &plan).await.is(TOO_LARGE), "of everything else less is taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_waits_while_stripe_is_away() {
    let p = Platform::start().await;
    let body = event("evt_1", &json!({ "object": "invoice", "id": "in_1" }));
    p.receive(&body, Some(&signed(&body))).await;
    let away = json!({ "vendor": "stripe", "moment": "before", "status": 503, "times": 3 });
    p.sandbox("POST", "faults", &away).await;
    p.mirror().catch_up().await.unwrap();
    assert_eq!(p.rows("webhook_inbox WHERE done_at IS NULL AND attempts = 1 AND error IS NOT NULL").await, 1);
    assert_eq!(p.mirror().catch_up().await.unwrap(), 0, "not before its time");
    p.billing.define("UPDATE svc.webhook_inbox SET due_at = now()").await;
    assert_eq!(p.mirror().catch_up().await.unwrap(), 1);
    assert_eq!(p.rows("webhook_inbox WHERE done_at IS NOT NULL AND error IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_whatever_order_events_come_the_table_says_what_stripe_says() {
    let p = Platform::start().await;
    let made = p.subscribe(None, ANN, MONTHLY).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = p.stripe("GET", "subscriptions?status=all", "").await.body["data"][0]["id"].as_str().unwrap().to_owned();
    for round in 0..20_i64 {
        // What happens now is told later, among what happened before and after.
        if round % 5 == 0 {
            p.later(3600 * 5).await;
        }
        p.stripe("POST", &format!("subscriptions/{id}"), &format!("cancel_at_period_end={}", round % 2 == 0)).await;
        p.hear(&json!({ "seed": round, "shuffled": true, "doubled_percent": 40 })).await;
        let (there, here) = (
            p.stripe("GET", &format!("subscriptions/{id}"), "").await.body,
            p.get(&format!("subscription/{ACCOUNT}")).await.body,
        );
        for field in ["status", "cancel_at_period_end"] {
            assert_eq!(here[field], there[field], "{field} in round {round}");
        }
    }
    assert_eq!(p.rows("webhook_inbox WHERE done_at IS NULL OR dead_at IS NOT NULL").await, 0);
}

/// The model in `tests/convergence.rs` decides by `may_write`; so do the statements.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statements_decide_as_the_model_does() {
    let p = Platform::start().await;
    assert_eq!(p.subscribe(None, ANN, MONTHLY).await.status, 201);
    let db = &p.state.db.at_work();
    for (written, ticket) in [(0, 1), (5, 4), (5, 5), (5, 6), (7, i64::MAX)] {
        for (fetched, table) in one_of_each(&p).await {
            // Rows that a fetch makes are made first.
            mirror::write(db, 1, &fetched, None).await.unwrap();
            p.billing.define(&format!("UPDATE svc.{table} SET fetched = {written}")).await;
            mirror::write(db, ticket, &fetched, None).await.unwrap();
            let wrote = p.rows(&format!("{table} WHERE fetched = {ticket} AND fetched <> {written}")).await;
            assert_eq!(wrote == 1, may_write(written, ticket), "{table}: {ticket} over {written}");
        }
    }
}

/// What fetches bring, each with the table that it is written to.
async fn one_of_each(p: &Platform) -> Vec<(Fetched, &'static str)> {
    let first = async |path: &str| p.stripe("GET", path, "").await.body["data"][0].clone();
    let subscription = first("subscriptions?status=all").await;
    let status = Status::parse(subscription["status"].as_str().unwrap()).unwrap();
    vec![
        (Fetched::Customer(serde_json::from_value(first("customers").await).unwrap()), "stripe_customers"),
        (Fetched::Subscription(serde_json::from_value(subscription).unwrap(), status), "stripe_subscriptions"),
        (
            Fetched::PaymentIntent(serde_json::from_value(first("payment_intents").await).unwrap()),
            "stripe_payment_intents",
        ),
        (Fetched::Invoice(serde_json::from_value(first("invoices").await).unwrap()), "stripe_invoices"),
    ]
}
