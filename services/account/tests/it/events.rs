//! What Account tells others, and what it notes of what others tell.

use std::sync::Arc;
use std::time::Duration;

use crate::platform::{ANN, BOB, CAT, Platform};
use crate::support::open;
use crate::support::service::bound;
use rerp_kit::events::Handlers;
use rerp_kit::events::broker::Broker;
use rerp_kit::events::catalogue::UserVerified;
use rerp_kit::events::memory::Memory;
use rerp_kit::events::publish;
use rerp_kit::events::reader::Reader;
use rerp_kit::events::relay::{Relay, Turn};
use rerp_people::verified;
use serde_json::json;
use uuid::Uuid;

impl Platform {
    /// How many events of a type there are whose data holds this.
    async fn told(&self, kind: &str, data: &serde_json::Value) -> i64 {
        let count = "SELECT count(*) FROM svc.outbox WHERE type";
        self.account.number(&format!("{count} = '{kind}' AND data @> '{data}'")).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_and_roles_are_told_once_each_in_the_account_s_order() {
    let platform = Platform::start().await;
    platform.account.events_come_last().await;
    let body = json!({ "human_name_id": ANN, "kind": "personal" });
    let key = Uuid::now_v7().to_string();
    for _ in 0..3 {
        assert_eq!(platform.post_as(&key, "", &body).await.status, 201);
    }
    let created = json!({ "account_id": key, "human_name_id": ANN, "kind": "personal" });
    assert_eq!(platform.told("account.created.v1", &created).await, 1);
    assert_eq!(platform.post("", &body).await.status, 409, "a second one of one's own");

    let roles = format!("/{key}/roles");
    let wish = json!({ "human_name_id": BOB, "role": "admin" });
    let given = platform.post(&roles, &wish).await;
    assert_eq!(platform.post(&roles, &wish).await.status, 200);
    let role = format!("{roles}/{}", given.text("role_id"));
    assert_eq!(platform.delete(&role).await.status, 204);
    assert_eq!(platform.delete(&role).await.status, 404);
    for change in ["granted", "revoked"] {
        let told = json!({ "account_id": key, "human_name_id": BOB, "role": "admin", "change": change });
        assert_eq!(platform.told("account.role.changed.v1", &told).await, 1, "{change}");
    }
    let order = format!(
        "SELECT string_agg(data ->> 'change', ' ' ORDER BY sequence) = 'granted revoked' AND count(*) = 3 FROM svc.outbox WHERE subject = '{key}'"
    );
    assert_eq!(platform.account.number(&format!("SELECT ({order})::int::bigint")).await, 1);
}

/// The event as Identity publishes it, and account's tables as it finds them: without anything of this person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verified_person_is_noted_before_there_is_an_account() {
    let platform = Platform::start().await;
    let dir = bound(&platform.identity);
    let (identity, metrics) = open(dir.path()).await;
    let human: Uuid = CAT.parse().unwrap();
    let event = UserVerified { human_name_id: human };
    identity.transaction(&event, |session, event| Box::pin(publish(session, event))).await.unwrap();
    let memory = Memory::default();
    let relay = Relay::new(identity, memory.seat("identity", &[]), metrics.events.clone());
    assert_eq!(relay.turn().await.unwrap(), Turn::Published(1));

    let seat: Arc<dyn Broker> = memory.seat("account", &["identity.user.verified"]);
    let dir = bound(&platform.account);
    let (account, metrics) = open(dir.path()).await;
    let reader = Reader::new(account, verified::noted(Handlers::default()), metrics.events.clone());
    for _ in 0..2 {
        let delivery = seat.next(Duration::from_secs(1)).await.unwrap().unwrap();
        reader.store(&delivery).await.unwrap();
        delivery.receipt.taken().await.unwrap();
        while reader.turn().await.unwrap() > 0 {}
        memory.rewind("account");
    }
    let noted = format!("SELECT count(*) FROM svc.verified_people WHERE human_name_id = '{CAT}'");
    assert_eq!((platform.rows("verified_people").await, platform.account.number(&noted).await), (1, 1));
    assert_eq!(metrics.events.received.with_label_values(&["identity.user.verified.v1", "repeated"]).get(), 1);
    // What decides asks Identity, which knows better.
    let account = platform.open(CAT, "personal").await;
    let decided = platform.get(&format!("/{account}/permissions/{CAT}")).await;
    assert!(decided.body.to_string().contains("not_verified"), "{}", decided.body);
}
