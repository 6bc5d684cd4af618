//! Whose address it is: shown to staff who say why, and on record with whom they were shown.

use rerp_kit::access::Assurance;
use rerp_kit::access::Verb::{Delete, Get, Put};
use serde_json::{Value, json};

use crate::access::{ANN, start_with};
use crate::doors::{Answer, Doors, Who};
use crate::stand_in::StandIn;

const STAFF: Who = Who::Staff(Assurance::Second);

/// What staff are answered who look for an address and say why.
async fn look(doors: &Doors, email: &str) -> Answer {
    let path = format!("/api/identity/people?email={email}");
    doors.answer(doors.request(STAFF, Get, &path).header("x-audit-reason", "ticket 4711")).await.unwrap()
}

async fn nobody(doors: &Doors, email: &str) {
    let answer = look(doors, email).await;
    assert_eq!((answer.status, answer.body), (200, json!({ "items": [] })), "{email}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_found_by_the_address_that_they_have_now() {
    let vendors = StandIn::start().await;
    let (split, doors) = start_with(vendors.post()).await;
    split
        .source
        .define(&format!(
            "UPDATE human_names SET first_name = 'Ann', username = 'ann' WHERE id = '{ANN}';
             INSERT INTO verification_tracking (id, human_name_id, phone_verified, phone_verified_at) VALUES ('{ANN}', '{ANN}', true, now());
             INSERT INTO email_addresses (id, email, verified) VALUES (gen_random_uuid(), 'lead@example.com', true)"
        ))
        .await;
    for written in ["ann%40example.com", "%20ANN%40Example.COM"] {
        let answer = look(&doors, written).await;
        let items = answer.body["items"].as_array().unwrap();
        assert_eq!((answer.status, items.len()), (200, 1), "{written}: {}", answer.body);
        let ann = &items[0];
        assert_eq!((&ann["human_name_id"], &ann["first_name"]), (&json!(ANN), &json!("Ann")));
        assert_eq!((&ann["surname"], &ann["username"]), (&Value::Null, &json!("ann")));
        assert_eq!((&ann["email_verified"], &ann["phone_verified"]), (&json!(false), &json!(true)));
        assert!(ann["created_at"].is_string(), "{ann}");
    }
    // A lead's address is nobody's, staff are no customers, and one that isn't known is nobody's either.
    for email in ["lead%40example.com", "bob%40staff.example", "eve%40example.com"] {
        nobody(&doors, email).await;
    }
    let user = format!("/api/identity/user/{ANN}");
    let other = doors.request(STAFF, Put, &format!("{user}/email")).header("if-match", "*");
    let other =
        other.header("content-type", "application/json").body(json!({ "email": "ann@example.org" }).to_string());
    assert_eq!(doors.answer(other).await.unwrap().status, 200);
    nobody(&doors, "ann%40example.com").await;
    assert_eq!(look(&doors, "ann%40example.org").await.body["items"][0]["human_name_id"], json!(ANN));
    assert_eq!(doors.ask(STAFF, Delete, &user, None).await.unwrap().status, 202);
    nobody(&doors, "ann%40example.org").await;

    let of = "SELECT count(*) FROM svc.staff_access WHERE route = '/api/identity/people' AND reason = 'ticket 4711'";
    let about = |whom: &str| format!("{of} AND about = '{whom}'");
    assert_eq!(split.source.number(&about(&format!("{{{ANN}}}"))).await, 3, "who was shown");
    assert_eq!(split.source.number(&about("{}")).await, 5, "that there was nobody");
    let personal = "SELECT count(*) FROM svc.staff_access AS s WHERE s::text ~* 'example|ann'";
    assert_eq!(split.source.number(personal).await, 0, "no address is on record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_says_no_reason_is_shown_nobody() {
    let vendors = StandIn::start().await;
    let (split, doors) = start_with(vendors.post()).await;
    let path = "/api/identity/people?email=ann%40example.com";
    let refused = doors.ask(STAFF, Get, path, None).await.unwrap();
    assert_eq!((refused.status, &refused.body["detail"].as_str().unwrap().contains("x-audit-reason")), (422, &true));
    let short = doors.request(STAFF, Get, path).header("x-audit-reason", "a");
    assert_eq!(doors.answer(short).await.unwrap().status, 400);
    assert_eq!(split.source.number("SELECT count(*) FROM svc.staff_access").await, 0, "nothing was looked at");
    for (email, status) in [("ann", 422), ("", 422)] {
        assert_eq!(look(&doors, email).await.status, status, "{email:?}");
    }
    let none = doors.request(STAFF, Get, "/api/identity/people").header("x-audit-reason", "ticket 4711");
    assert_eq!(doors.answer(none).await.unwrap().status, 400);
}
