//! Stripe's events as staff see them: what became of each, and that one is worked on again, with its object fetched anew.

use rerp_kit::access::Assurance;
use rerp_kit::access::Verb::{Get, Post};
use serde_json::{Value, json};

use crate::access::doors;
use crate::doors::Who;
use crate::platform::{ACCOUNT, ANN, MONTHLY, Platform};
use crate::webhooks::{event, signed};

const STAFF: Who = Who::Staff(Assurance::Second);
const EVENTS: &str = "/api/billing/webhooks/stripe/events";

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

impl Platform {
    async fn hand_in(&self, id: &str, object: &Value) {
        let body = event(id, object);
        assert_eq!(self.receive(&body, Some(&signed(&body))).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_in_pages_by_state_the_newest_first() {
    let p = Platform::start().await;
    let doors = doors(&p).await;
    let get = async |query: &str| doors.ask(STAFF, Get, &format!("{EVENTS}{query}"), None).await.unwrap();
    for (id, object) in [("evt_1", "invoice"), ("evt_2", "radar.rule"), ("evt_3", "invoice"), ("evt_4", "invoice")] {
        p.hand_in(id, &json!({ "object": object, "id": "in_1" })).await;
    }
    // Two that came in the same moment, between the others.
    let moments =
        "UPDATE svc.webhook_inbox SET received_at = '2026-11-26T08:00:00.123456Z' WHERE event_id IN ('evt_1', 'evt_4');
         UPDATE svc.webhook_inbox SET received_at = '2026-11-26T07:00:00Z' WHERE event_id = 'evt_2';
         UPDATE svc.webhook_inbox SET attempts = 150, error = 'why', dead_at = now() WHERE event_id = 'evt_4'";
    p.billing.execute(moments).await;
    let all = get("").await;
    assert_eq!((all.status, ids(&all.body)), (200, vec!["evt_3", "evt_4", "evt_1", "evt_2"]), "{}", all.body);
    let (dead, unneeded) = (&all.body["items"][1], &all.body["items"][3]);
    assert_eq!((&dead["state"], &dead["attempts"], &dead["error"]), (&json!("dead"), &json!(150), &json!("why")));
    assert_eq!((&dead["type"], &dead["object_kind"]), (&json!("some.thing"), &json!("invoice")));
    assert_eq!((&dead["object_id"], &dead["done_at"]), (&json!("in_1"), &Value::Null));
    assert_eq!((&unneeded["state"], &unneeded["object_id"]), (&json!("done"), &Value::Null));
    assert!(unneeded["done_at"].is_string() && dead["dead_at"].is_string(), "{}", all.body);
    for (state, found) in [("waiting", vec!["evt_3", "evt_1"]), ("dead", vec!["evt_4"]), ("done", vec!["evt_2"])] {
        assert_eq!(ids(&get(&format!("?state={state}")).await.body), found, "{state}");
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=1".to_owned());
    while seen.len() < 9 {
        let page = get(&query).await.body;
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=1&cursor={next}");
    }
    assert_eq!(seen, ["evt_3", "evt_4", "evt_1", "evt_2"]);
    for wrong in ["?state=lost", "?limit=0", "?cursor=evt_1", "?cursor=", "?reason=x"] {
        assert_eq!(get(wrong).await.status, 400, "{wrong}");
    }
    let kept =
        format!("SELECT count(*) FROM svc.staff_access WHERE route = '{EVENTS}' AND detail ->> 'state' = 'dead'");
    assert_eq!(p.billing.number(&kept).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_replayed_has_its_object_fetched_anew() {
    let p = Platform::start().await;
    let doors = doors(&p).await;
    let made = p.subscribe(None, ANN, MONTHLY).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = p.stripe("GET", "subscriptions?status=all", "").await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let change = async |ends: bool| {
        p.stripe("POST", &format!("subscriptions/{id}"), &format!("cancel_at_period_end={ends}")).await;
    };
    let ends = async || p.get(&format!("subscription/{ACCOUNT}")).await.body["cancel_at_period_end"].clone();
    let replay = async |event: &str| {
        let request = doors.request(STAFF, Post, &format!("{EVENTS}/{event}/replay"));
        doors.answer(request.header("x-audit-reason", "stripe is back")).await.unwrap().status
    };
    p.hand_in("evt_9", &json!({ "object": "subscription", "id": id })).await;
    p.billing.execute("UPDATE svc.webhook_inbox SET attempts = 150, error = 'why', dead_at = now()").await;
    change(true).await;
    assert_eq!((p.mirror().catch_up().await.unwrap(), ends().await), (0, json!(false)), "it is given up");
    let unsaid = doors.ask(STAFF, Post, &format!("{EVENTS}/evt_9/replay"), None).await.unwrap();
    assert_eq!((unsaid.status, p.mirror().catch_up().await.unwrap()), (422, 0), "not without saying why");
    // Twice has the effect of once.
    assert_eq!((replay("evt_9").await, replay("evt_9").await), (204, 204));
    assert_eq!(p.rows("webhook_inbox WHERE attempts = 0 AND dead_at IS NULL AND done_at IS NULL").await, 1);
    assert_eq!((p.mirror().catch_up().await.unwrap(), ends().await), (1, json!(true)));
    assert_eq!(p.rows("webhook_inbox WHERE done_at IS NOT NULL AND error IS NULL").await, 1);
    // What is done is fetched anew too: it may be that Stripe told nobody of a change.
    change(false).await;
    assert_eq!((p.mirror().catch_up().await.unwrap(), ends().await), (0, json!(true)));
    assert_eq!(replay("evt_9").await, 204);
    assert_eq!((p.mirror().catch_up().await.unwrap(), ends().await), (1, json!(false)));

    p.hand_in("evt_8", &json!({ "object": "radar.rule", "id": "rule_1" })).await;
    assert_eq!(replay("evt_8").await, 409, "there is nothing to fetch");
    for none in ["evt_7", "evt%207"] {
        assert_eq!(replay(none).await, 404, "{none}");
    }
    assert_eq!(p.mirror().catch_up().await.unwrap(), 0);
    let kept = "SELECT count(*) FROM svc.staff_access WHERE reason = 'stripe is back' AND detail ->> 'event' = 'evt_9'";
    assert_eq!(p.billing.number(kept).await, 3);
}
