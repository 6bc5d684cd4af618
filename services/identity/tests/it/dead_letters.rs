//! What Identity told and the broker refused: staff see it, and let it go out after all.

use std::sync::Arc;

use rerp_kit::access::Assurance;
use rerp_kit::access::Verb::{Get, Post};
use rerp_kit::events::catalogue::UserVerified;
use rerp_kit::events::memory::{Memory, Trouble};
use rerp_kit::events::publish;
use rerp_kit::events::relay::{Relay, Turn};
use rerp_kit::metrics::Metrics;
use serde_json::{Value, json};

use crate::access::{ANN, start_with};
use crate::doors::Who;
use crate::stand_in::StandIn;
use crate::support::open;

const STAFF: Who = Who::Staff(Assurance::Second);
const LETTERS: &str = "/api/identity/dead-letters";
/// Pauses are over, and so is whoever's turn it was.
const LATER: &str =
    "UPDATE svc.outbox SET due_at = now(); UPDATE svc.outbox_relay SET until = now() - interval '1 second'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_refused_goes_out_once_staff_say_so() {
    let vendors = StandIn::start().await;
    let (split, doors) = start_with(vendors.post()).await;
    let db = open(split.dir()).await.0.at_work();
    let tell = async || {
        let event = UserVerified { human_name_id: ANN };
        db.transaction(&event, |session, event| Box::pin(publish(session, event))).await.unwrap()
    };
    let memory = Memory::default();
    let relay = Relay::new(db.clone(), Arc::clone(&memory.seat("identity", &[])), Metrics::new().unwrap().events);
    let (first, second) = (tell().await, tell().await);
    memory.suffer(Trouble::Refuses);
    for _ in 0..10 {
        assert_eq!(relay.turn().await.unwrap(), Turn::Published(0));
        split.source.execute(LATER).await;
    }
    memory.suffer(Trouble::None);
    assert_eq!(relay.turn().await.unwrap(), Turn::Idle, "it is given up, and the other waits for it");

    let page = doors.ask(STAFF, Get, LETTERS, None).await.unwrap();
    let items = page.body["items"].as_array().unwrap();
    assert_eq!((page.status, items.len(), &page.body["next_cursor"]), (200, 1, &Value::Null), "{}", page.body);
    let letter = &items[0];
    assert_eq!((&letter["id"], &letter["subject_id"]), (&json!(first), &json!(ANN)));
    assert_eq!((&letter["queue"], &letter["event"]), (&json!("outbox"), &json!("identity.user.verified.v1")));
    assert_eq!((&letter["attempts"], letter["error"].is_string()), (&json!(10), true), "{letter}");

    let path = format!("{LETTERS}/{first}/replay");
    let replay = async || {
        let request = doors.request(STAFF, Post, &path).header("x-audit-reason", "the broker knows it now");
        doors.answer(request).await.unwrap()
    };
    assert_eq!(doors.ask(STAFF, Post, &path, None).await.unwrap().status, 422, "not without saying why");
    assert_eq!(relay.turn().await.unwrap(), Turn::Idle);
    assert_eq!(replay().await.status, 204);
    let again = replay().await;
    assert_eq!((again.status, again.body["detail"].as_str().unwrap().contains("already")), (404, true));
    for id in [first, second] {
        assert_eq!(relay.turn().await.unwrap(), Turn::Published(1));
        assert_eq!(memory.log().last().unwrap().id, id);
    }
    assert_eq!((memory.log().len(), relay.turn().await.unwrap()), (2, Turn::Idle));
    assert_eq!(doors.ask(STAFF, Get, LETTERS, None).await.unwrap().body["items"], json!([]));
    let kept = format!(
        "SELECT count(*) FROM svc.staff_access WHERE route = '{LETTERS}/{{id}}/replay' AND about = '{{{first}}}' \
         AND reason = 'the broker knows it now'"
    );
    assert_eq!(split.source.number(&kept).await, 2, "who it was and why, twice");
}
