//! What other services are told of an account, over gRPC.

use crate::platform::{ACCOUNT, ANN, MONTHLY, NOBODY, Platform};
use crate::support::service::client;
use rerp_kit::client::Repeat;
use rerp_kit::metrics::Metrics;
use rerp_proto::billing::v1::entitlements_client::EntitlementsClient;
use rerp_proto::billing::v1::{CheckAnswer, CheckRequest};

async fn check(p: &Platform, account: &str) -> Result<CheckAnswer, rerp_kit::client::CallError> {
    let client = client("billing", p.at, &Metrics::new().unwrap());
    let message = CheckRequest { account_id: account.to_owned() };
    let ask = |line, request| async move { EntitlementsClient::new(line).check(request).await };
    client.call(message, Repeat::Idempotent, ask).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_the_seats_of_the_plan_that_it_is_entitled_to() {
    let p = Platform::start().await;
    p.billing.define("UPDATE svc.plans SET seats = 3 WHERE code = 'basic'").await;
    let seats = async || check(&p, ACCOUNT).await.unwrap().seats;
    assert_eq!(seats().await, None, "no plan, no bound");
    let made = p.subscribe(None, ANN, MONTHLY).await;
    assert_eq!(seats().await, None, "not paid for");
    p.pay(&made, "pm_card_visa").await;
    p.hear(&serde_json::json!({})).await;
    assert_eq!(seats().await, Some(3));
    p.billing.define("UPDATE svc.plans SET seats = NULL WHERE code = 'basic'").await;
    assert_eq!(seats().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_entitled_once_it_has_paid_and_no_sooner() {
    let p = Platform::start().await;
    let says = async |account: &str| {
        let answer = check(&p, account).await.unwrap();
        (answer.entitled, answer.reason, answer.status)
    };
    let of = |entitled, reason: &str, status: &str| (entitled, reason.to_owned(), status.to_owned());
    assert_eq!(says(NOBODY).await, of(false, "no_subscription", ""));
    let made = p.subscribe(None, ANN, MONTHLY).await;
    assert_eq!(says(ACCOUNT).await, of(false, "not_paid", "incomplete"));
    p.pay(&made, "pm_card_visa").await;
    p.hear(&serde_json::json!({})).await;
    assert_eq!(says(ACCOUNT).await, of(true, "subscribed", "active"));
    // The card is taken back before the renewal: late, and entitled for a week more.
    let method = p.stripe("GET", "payment_methods", "").await.body["data"][0]["id"].as_str().unwrap().to_owned();
    p.stripe("POST", &format!("payment_methods/{method}/detach"), "").await;
    p.later(32 * 86_400).await;
    p.hear(&serde_json::json!({})).await;
    assert_eq!(says(ACCOUNT).await, of(true, "grace", "past_due"));
    p.billing.define("UPDATE svc.stripe_subscriptions SET status_since = now() - interval '8 days'").await;
    assert_eq!(says(ACCOUNT).await, of(false, "not_paid", "past_due"));
    assert!(check(&p, "x").await.is_err());
}
