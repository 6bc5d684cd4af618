//! What an account was asked to pay, as its payer sees it.

use rerp_billing::access::RULES;
use rerp_kit::access::Verb::Get;
use rerp_kit::problem::catalogue::NOT_FOUND;
use serde_json::{Value, json};

use crate::doors::{Doors, Who};
use crate::platform::{ACCOUNT, ANN, BOB, MONTHLY, NOBODY, Platform};

const DAY: i64 = 86_400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invoices_come_in_pages_with_what_became_of_them() {
    let p = Platform::start().await;
    let path = format!("invoices/{ACCOUNT}");
    assert!(p.get(&path).await.is(NOT_FOUND), "as if there were no such account");
    assert!(p.get("invoices/x").await.is(NOT_FOUND));
    assert!(p.get(&format!("invoices/{NOBODY}")).await.is(NOT_FOUND));
    let made = p.subscribe(None, ANN, MONTHLY).await;
    p.pay(&made, "pm_card_visa").await;
    p.later(70 * DAY).await;
    p.hear(&json!({ "shuffled": true, "seed": 3, "doubled_percent": 50 })).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = p.get(&format!("{path}?limit=2{cursor}")).await;
        assert_eq!((page.status, page.header("cache-control")), (200, "no-store"), "{}", page.body);
        seen.extend(page.body["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 3, "the first month and two more: {seen:?}");
    for invoice in &seen {
        let told = (&invoice["status"], &invoice["amount_paid"], &invoice["currency"], &invoice["payment_status"]);
        assert_eq!(told, (&json!("paid"), &json!(1900), &json!("eur"), &json!("succeeded")), "{invoice}");
        assert_eq!(invoice["subscription_id"], made.body["subscription_id"], "{}", made.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_paid_sees_it_and_nobody_else_does() {
    let p = Platform::start().await;
    let doors = Doors::open("billing", RULES, rerp_billing::router(p.state.clone())).await;
    let path = format!("/api/billing/invoices/{ACCOUNT}");
    let made = p.subscribe(None, ANN, MONTHLY).await;
    p.pay(&made, "pm_card_visa").await;
    p.hear(&json!({})).await;
    let ask = async |person: &str| doors.ask(Who::Person(person.parse().unwrap()), Get, &path, None).await.unwrap();
    let own = ask(ANN).await;
    assert_eq!((own.status, own.body["items"].as_array().map(Vec::len)), (200, Some(1)), "{}", own.body);
    assert_eq!((ask(BOB).await.status, own.body["next_cursor"].clone()), (404, Value::Null));
    // The account's next payer sees their own, and not what was before.
    p.billing.define("UPDATE svc.stripe_subscriptions SET status = 'canceled'").await;
    assert_eq!(p.subscribe(None, BOB, MONTHLY).await.status, 201);
    let of_bob = ask(BOB).await.body["items"].as_array().unwrap().iter().any(|one| own.body["items"][0] == *one);
    assert!(!of_bob);
}
