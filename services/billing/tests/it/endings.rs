//! How subscriptions end, and that a wish reaches Stripe once, whatever is lost on the way.

use crate::platform::{ACCOUNT, ANN, Answer, BOB, MONTHLY, Platform, YEARLY};
use rerp_billing::domain::event::Kind;
use rerp_kit::problem::catalogue::{
    CHANGED_MEANWHILE, DEPENDENCY_UNAVAILABLE, ENDED, IN_PROGRESS, INVALID_VALUE, NOT_FOUND, VERSION_REQUIRED,
};
use serde_json::{Value, json};

const DAY: i64 = 86_400;
const UNTOLD: &str = "stripe_subscriptions WHERE end_wish IS NOT NULL";

impl Platform {
    /// Whether it is to end with its period, for who has read this version.
    async fn change(&self, version: &str, ends: bool) -> Answer {
        let url = format!("http://{}/api/billing/subscription/{ACCOUNT}", self.at);
        let headers = [("content-type", "application/json"), ("if-match", version)];
        self.raw("PUT", url, &headers, json!({ "cancel_at_period_end": ends }).to_string()).await
    }

    async fn cancel(&self) -> Answer {
        let url = format!("http://{}/api/billing/subscription/{ACCOUNT}/cancel", self.at);
        self.raw("POST", url, &[], String::new()).await
    }

    async fn of_account(&self) -> Answer {
        self.get(&format!("subscription/{ACCOUNT}")).await
    }

    /// The one subscription as Stripe has it.
    async fn at_stripe(&self) -> Value {
        let all = self.stripe("GET", "subscriptions?status=all", "").await;
        assert_eq!(all.body["data"].as_array().unwrap().len(), 1);
        all.body["data"][0].clone()
    }

    /// The next calls of Stripe fail: as often as one request of ours is repeated.
    async fn stripe_fails(&self, moment: &str, status: u16) {
        let fault = json!({ "vendor": "stripe", "moment": moment, "status": status, "times": 3 });
        assert_eq!(self.sandbox("POST", "faults", &fault).await.status, 204);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_with_what_is_paid_for_unless_that_is_taken_back() {
    let p = Platform::start().await;
    p.billing.events_come_last().await;
    let made = p.subscribe(None, ANN, MONTHLY).await;
    p.pay(&made, "pm_card_visa").await;
    p.hear(&json!({})).await;
    let body = json!({ "cancel_at_period_end": true });
    assert!(p.put(&format!("subscription/{ACCOUNT}"), &body).await.is(VERSION_REQUIRED));
    let read = p.of_account().await.header("etag").to_owned();
    // Stripe repeats itself, which changes nothing that anybody has read.
    let id = p.at_stripe().await["id"].as_str().unwrap().to_owned();
    p.mirror().refresh(Kind::Subscription, &id, None).await.unwrap();
    assert_eq!(p.of_account().await.header("etag"), read);
    let ends = p.change(&read, true).await;
    assert_eq!((ends.status, &ends.body["cancel_at_period_end"]), (200, &json!(true)), "{}", ends.body);
    assert_eq!(ends.body["entitlement"], json!({ "access": "full" }), "until then it is paid for");
    assert_eq!(p.at_stripe().await["cancel_at_period_end"], json!(true));
    assert!(p.change(&read, false).await.is(CHANGED_MEANWHILE));
    let stays = p.change(ends.header("etag"), false).await;
    assert_eq!((stays.status, &stays.body["cancel_at_period_end"]), (200, &json!(false)));
    assert_eq!(p.at_stripe().await["cancel_at_period_end"], json!(false));
    assert_eq!(p.change("*", true).await.body["cancel_at_period_end"], json!(true), "the third wish is not the first");
    assert_eq!(p.at_stripe().await["cancel_at_period_end"], json!(true));
    let told = "SELECT count(*) FROM svc.outbox WHERE data @> '{\"cancel_at_period_end\": true}'";
    assert_eq!((p.billing.number(told).await, p.rows(UNTOLD).await), (2, 0));
    p.later(32 * DAY).await;
    p.hear(&json!({ "shuffled": true, "seed": 5, "doubled_percent": 50 })).await;
    let over = p.of_account().await.body;
    assert_eq!((&over["status"], &over["entitlement"]), (&json!("canceled"), &json!({ "access": "none" })));
    assert!(p.change("*", false).await.is(ENDED) && p.cancel().await.is(ENDED));
    assert_eq!(p.rows("stripe_invoices WHERE status = 'paid'").await, 1, "nobody pays for another month");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_never_paid_for_is_cancelled_and_another_one_begins() {
    let p = Platform::start().await;
    assert!(p.cancel().await.is(NOT_FOUND) && p.change("*", true).await.is(NOT_FOUND));
    assert_eq!(p.subscribe(None, ANN, YEARLY).await.body["status"], json!("incomplete"));
    let refused = p.change("*", true).await;
    assert!(refused.is(INVALID_VALUE) && refused.pointer() == "/cancel_at_period_end", "{}", refused.body);
    let same = p.change("*", false).await;
    assert_eq!((same.status, &same.body["cancel_at_period_end"]), (200, &json!(false)), "it is so already");
    let over = p.cancel().await;
    assert_eq!((over.status, &over.body["status"]), (200, &json!("canceled")), "{}", over.body);
    assert_eq!(p.at_stripe().await["status"], json!("canceled"));
    assert!(p.cancel().await.is(ENDED));
    assert_eq!(p.subscribe(None, ANN, MONTHLY).await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_that_stripe_has_not_answered_is_told_again_before_any_other() {
    let p = Platform::start().await;
    assert_eq!(p.subscribe(None, BOB, MONTHLY).await.body["status"], json!("trialing"));
    p.stripe_fails("before", 503).await;
    assert!(p.change("*", true).await.is(DEPENDENCY_UNAVAILABLE));
    assert_eq!(p.rows(UNTOLD).await, 1);
    assert!(p.change("*", false).await.is(IN_PROGRESS), "they would overtake each other");
    assert!(p.cancel().await.is(IN_PROGRESS));
    assert_eq!(p.asking().resume().await.unwrap(), 0, "too early: the caller may still be asking");
    p.billing.define("UPDATE svc.stripe_subscriptions SET end_asked_at = now() - interval '2 minutes'").await;
    assert_eq!(p.asking().resume().await.unwrap(), 1);
    assert_eq!(p.of_account().await.body["cancel_at_period_end"], json!(true));
    assert_eq!(p.asking().resume().await.unwrap(), 0);
    // Who asked may also ask again.
    p.stripe_fails("after", 500).await;
    assert!(p.change("*", false).await.is(DEPENDENCY_UNAVAILABLE));
    let again = p.change("*", false).await;
    assert_eq!((again.status, &again.body["cancel_at_period_end"]), (200, &json!(false)), "{}", again.body);
    assert_eq!((&p.at_stripe().await["cancel_at_period_end"], p.rows(UNTOLD).await), (&json!(false), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_whose_answer_was_lost_is_one_end() {
    let p = Platform::start().await;
    assert_eq!(p.subscribe(None, BOB, MONTHLY).await.body["status"], json!("trialing"));
    p.stripe_fails("after", 500).await;
    assert!(p.cancel().await.is(DEPENDENCY_UNAVAILABLE));
    let over = p.cancel().await;
    assert_eq!((over.status, &over.body["status"]), (200, &json!("canceled")), "{}", over.body);
    assert_eq!(p.rows(UNTOLD).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_ended_at_stripe_is_not_kept_here() {
    let p = Platform::start().await;
    assert_eq!(p.subscribe(None, BOB, MONTHLY).await.body["status"], json!("trialing"));
    let id = p.at_stripe().await["id"].as_str().unwrap().to_owned();
    // By whoever looks after customers there; nobody has told us.
    assert_eq!(p.stripe("DELETE", &format!("subscriptions/{id}"), "").await.status, 200);
    assert!(p.change("*", true).await.is(ENDED));
    assert_eq!(p.of_account().await.body["status"], json!("canceled"));
    assert_eq!(p.rows(UNTOLD).await, 0);
}
