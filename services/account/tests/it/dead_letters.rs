//! What came to Account and could have no effect: staff see it, and let it have it after all, once.

use std::sync::Arc;
use std::time::Duration;

use rerp_kit::access::Assurance;
use rerp_kit::access::Verb::{Get, Post};
use rerp_kit::events::broker::{Broker, Message};
use rerp_kit::events::catalogue::UserVerified;
use rerp_kit::events::memory::Memory;
use rerp_kit::events::reader::Reader;
use rerp_kit::events::{Envelope, EventType, Handlers};
use rerp_kit::metrics::Metrics;
use rerp_people::verified;
use serde_json::json;
use uuid::Uuid;

use crate::doors::Who;
use crate::platform::{ANN, Platform};

const STAFF: Who = Who::Staff(Assurance::Second);
const LETTERS: &str = "/api/accounts/dead-letters";
const BROKEN: &str = "ALTER TABLE verified_people ADD CONSTRAINT broken CHECK (false) NOT VALID";
const MENDED: &str = "ALTER TABLE verified_people DROP CONSTRAINT broken";

/// Brings what the broker has.
async fn store(reader: &Reader, seat: &dyn Broker) {
    while let Some(delivery) = seat.next(Duration::from_millis(10)).await.unwrap() {
        reader.store(&delivery).await.unwrap();
        delivery.receipt.taken().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_had_no_effect_has_it_once_staff_say_so() {
    let platform = Platform::start().await;
    let (doors, memory) = (platform.doors().await, Memory::default());
    let seat: Arc<dyn Broker> = memory.seat("account", &["identity.user.verified"]);
    let human: Uuid = ANN.parse().unwrap();
    let (id, kind) = (Uuid::now_v7(), EventType::parse("identity.user.verified.v1").unwrap());
    let data = serde_json::to_value(UserVerified { human_name_id: human }).unwrap();
    let time = "2026-11-26T08:00:00Z".parse().unwrap();
    let envelope = Envelope { id, kind: kind.clone(), subject: human, sequence: 1, time, trace: None, data };
    seat.publish(Message { id, kind, body: envelope.write().unwrap().into() }).await.unwrap();
    let db = platform.database().await.at_work();
    let reader = Reader::new(db, verified::noted(Handlers::default()), Metrics::new().unwrap().events);
    store(&reader, seat.as_ref()).await;

    platform.account.define(BROKEN).await;
    for _ in 0..12 {
        assert_eq!(reader.turn().await.unwrap(), 1);
        platform.account.execute("UPDATE svc.inbox SET due_at = now()").await;
    }
    platform.account.define(MENDED).await;
    assert_eq!((reader.turn().await.unwrap(), platform.rows("verified_people").await), (0, 0), "it is given up");
    let page = doors.ask(STAFF, Get, LETTERS, None).await.unwrap();
    let items = page.body["items"].as_array().unwrap();
    assert_eq!((page.status, items.len()), (200, 1), "{}", page.body);
    let letter = &items[0];
    assert_eq!((&letter["id"], &letter["queue"], &letter["attempts"]), (&json!(id), &json!("inbox"), &json!(12)));
    assert_eq!((&letter["subject_id"], &letter["sequence"]), (&json!(ANN), &json!(1)));

    let path = format!("{LETTERS}/{id}/replay");
    let replay = async || {
        let request = doors.request(STAFF, Post, &path).header("x-audit-reason", "the table is mended");
        doors.answer(request).await.unwrap().status
    };
    assert_eq!(doors.ask(STAFF, Post, &path, None).await.unwrap().status, 422, "not without saying why");
    assert_eq!((replay().await, replay().await), (204, 404));
    assert_eq!((reader.turn().await.unwrap(), platform.rows("verified_people").await), (1, 1));
    assert_eq!(replay().await, 404, "it is done");
    // Nor does it have its effect again where the broker brings it once more.
    platform.account.execute("DELETE FROM svc.verified_people").await;
    memory.rewind("account");
    store(&reader, seat.as_ref()).await;
    assert_eq!((reader.turn().await.unwrap(), platform.rows("verified_people").await), (0, 0));
    assert_eq!(doors.ask(STAFF, Get, LETTERS, None).await.unwrap().body["items"], json!([]));
    let kept = format!(
        "SELECT count(*) FROM svc.staff_access WHERE route = '{LETTERS}/{{id}}/replay' AND about = '{{{id}}}' \
         AND reason = 'the table is mended'"
    );
    assert_eq!(platform.account.number(&kept).await, 3);
}
