//! What Billing tells others: states, each once, however often Stripe repeats itself; and what it notes.

use std::time::Duration;

use crate::platform::{ACCOUNT, ANN, BOB, MONTHLY, Platform, YEARLY};
use rerp_kit::events::broker::Message;
use rerp_kit::events::catalogue::UserVerified;
use rerp_kit::events::memory::Memory;
use rerp_kit::events::reader::Reader;
use rerp_kit::events::{Envelope, EventType, Handlers};
use rerp_kit::metrics::Metrics;
use rerp_people::verified;
use serde_json::{Value, json};
use uuid::Uuid;

const SUBSCRIPTION: &str = "billing.subscription.changed.v1";

impl Platform {
    /// How many events of a type there are whose data holds this.
    async fn told(&self, kind: &str, data: &Value) -> i64 {
        let count = "SELECT count(*) FROM svc.outbox WHERE type";
        self.billing.number(&format!("{count} = '{kind}' AND data @> '{data}'")).await
    }

    async fn told_in_all(&self, kind: &str) -> i64 {
        self.told(kind, &json!({ "account_id": ACCOUNT })).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_state_of_a_subscription_is_told_once() {
    let p = Platform::start().await;
    p.billing.events_come_last().await;
    let made = p.subscribe(None, ANN, YEARLY).await;
    assert_eq!((made.status, &made.body["status"]), (201, &json!("incomplete")), "{}", made.body);
    assert_eq!(p.told(SUBSCRIPTION, &json!({ "status": "incomplete" })).await, 1);
    p.pay(&made, "pm_card_visa").await;
    for seed in 0..3 {
        p.hear(&json!({ "shuffled": true, "seed": seed, "doubled_percent": 100 })).await;
    }
    let active = json!({ "status": "active", "account_id": ACCOUNT, "cancel_at_period_end": false });
    assert_eq!((p.told(SUBSCRIPTION, &active).await, p.told_in_all(SUBSCRIPTION).await), (1, 2));
    // Nothing of Stripe's and nothing of a person leaves.
    let foreign = "SELECT count(*) FROM svc.outbox WHERE data::text ~ '(sub|cus|pm|pi|price)_|@'";
    assert_eq!(p.billing.number(foreign).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_is_told_as_one() {
    let p = Platform::start().await;
    let made = p.subscribe(None, BOB, MONTHLY).await;
    assert_eq!(made.status, 201, "{}", made.body);
    p.hear(&json!({ "shuffled": true, "seed": 1, "doubled_percent": 50 })).await;
    let trial = json!({ "status": "trialing" });
    assert_eq!((p.told(SUBSCRIPTION, &trial).await, p.told_in_all(SUBSCRIPTION).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_of_who_pays_is_told_when_it_changes() {
    let p = Platform::start().await;
    p.billing.events_come_last().await;
    let wish = json!({ "account_id": ACCOUNT, "human_name_id": ANN });
    for status in [201, 200] {
        assert_eq!(p.post(None, "kyc/verify", &wish).await.status, status);
    }
    p.hear(&json!({ "shuffled": true, "seed": 3, "doubled_percent": 50 })).await;
    let kyc = "billing.kyc.changed.v1";
    assert_eq!((p.told(kyc, &json!({ "status": "requires_input" })).await, p.told_in_all(kyc).await), (1, 1));
}

/// Noted, and nothing more: a trial is still a question to Identity.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_noted_person_has_no_trial_by_it() {
    let p = Platform::start().await;
    let (memory, metrics) = (Memory::default(), Metrics::new().unwrap());
    let seat = memory.seat("billing", &["identity.user.verified"]);
    let human: Uuid = ANN.parse().unwrap();
    let (id, kind) = (Uuid::now_v7(), EventType::parse("identity.user.verified.v1").unwrap());
    let data = serde_json::to_value(UserVerified { human_name_id: human }).unwrap();
    let time = "2026-11-26T08:00:00Z".parse().unwrap();
    let envelope = Envelope { id, kind: kind.clone(), subject: human, sequence: 1, time, trace: None, data };
    seat.publish(Message { id, kind, body: envelope.write().unwrap().into() }).await.unwrap();
    let reader = Reader::new(p.state.db.clone(), verified::noted(Handlers::default()), metrics.events.clone());
    let delivery = seat.next(Duration::from_secs(1)).await.unwrap().unwrap();
    reader.store(&delivery).await.unwrap();
    delivery.receipt.taken().await.unwrap();
    while reader.turn().await.unwrap() > 0 {}
    let noted = format!(
        "SELECT count(*) FROM svc.verified_people WHERE human_name_id = '{ANN}' AND verified_at = '2026-11-26T08:00:00Z'"
    );
    assert_eq!(p.billing.number(&noted).await, 1);
    let made = p.subscribe(None, ANN, MONTHLY).await;
    assert_eq!((made.status, &made.body["status"]), (201, &json!("incomplete")), "{}", made.body);
}
