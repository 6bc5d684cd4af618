//! What Billing holds of a person: cards go when the person does, and what was paid stays without a name.

use crate::platform::{ACCOUNT, BOB, MONTHLY, Platform};
use crate::support::rights::forgotten;
use rerp_billing::rights::{HELD, LIFETIMES};
use rerp_kit::access::Caller;
use rerp_kit::rights::{Subject, erase_once};
use serde_json::json;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_is_forgotten() {
    let platform = Platform::start().await;
    assert_eq!(forgotten(&platform.billing, HELD, LIFETIMES).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_go_and_what_was_sold_stays() {
    let platform = Platform::start().await;
    assert_eq!(platform.subscribe(None, BOB, MONTHLY).await.status, 201);
    let method = platform.post(None, "payment-methods", &json!({ "human_name_id": BOB })).await;
    assert_eq!(method.status, 201, "{}", method.text);
    let export = platform.get(&format!("people/{BOB}/export")).await;
    for held in [method.text("payment_method_id"), ACCOUNT.to_owned()] {
        assert!(export.status == 200 && export.text.contains(&held), "{held} in {}", export.text);
    }
    let (id, subject) = (Uuid::now_v7(), Subject::of(BOB.parse().unwrap()));
    let by = Caller::Service("identity".into());
    let parts = erase_once(&platform.state.db, HELD, id, &subject, &by).await.unwrap();
    assert_eq!(parts, erase_once(&platform.state.db, HELD, id, &subject, &by).await.unwrap(), "the same receipt");
    let done = |table: &str| parts.iter().find(|part| part.table == table).map(|part| (part.done.as_str(), part.rows));
    assert_eq!(done("stripe_payment_methods"), Some(("deleted", 1)));
    assert_eq!((done("stripe_customers"), done("stripe_subscriptions")), (Some(("kept", 1)), Some(("kept", 1))));
    assert_eq!(platform.billing.number("SELECT count(*) FROM svc.stripe_payment_methods").await, 0);
    assert_eq!(platform.billing.number("SELECT count(*) FROM svc.stripe_subscriptions").await, 1);
}
