//! Addresses that want nothing from us: no lead is taken from them, and nobody is told so.

use rerp_kit::access::Assurance;
use rerp_kit::access::Verb::{Delete, Post};
use rerp_kit::problem::catalogue;
use rerp_marketing::access::RULES;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::doors::{Doors, Who};
use crate::platform::{MARKETING, Platform, capture, contact, of_company};
use crate::support::answer::Answer;

async fn suppress(platform: &Platform, body: &Value) -> Answer {
    platform.ask("POST", "suppressions", Some(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_taken_from_a_suppressed_address_and_its_visitor_sees_no_difference() {
    let platform = Platform::start().await;
    let (_, _, before) = platform.post("email-capture", None, &capture("ann@example.com")).await;
    let added = suppress(&platform, &json!({ "email": " ANN@example.com ", "reason": "objected" })).await;
    assert_eq!((added.status, &added.body["email_address_id"]), (201, &before["email_address_id"]), "{}", added.body);

    let form = of_company(capture("ann@example.com"), "Acme");
    let (status, _, dropped) = platform.post("email-capture", Some("k"), &form).await;
    let (_, _, taken) = platform.post("email-capture", None, &of_company(capture("bob@example.com"), "Acme")).await;
    let names = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!((status, names(&dropped)), (201, names(&taken)));
    assert_eq!(platform.post("email-capture", Some("k"), &form).await, (201, true, dropped.clone()), "also repeated");
    let stored = format!("SELECT count(*) FROM svc.email_captures WHERE id = '{}'", dropped["id"].as_str().unwrap());
    assert_eq!((platform.marketing.source.number(&stored).await, platform.rows("email_captures").await), (0, 2));
    // Whoever writes to us asks for an answer.
    assert_eq!(platform.post("contact", None, &contact("ann@example.com")).await.0, 201);
    assert_eq!(platform.rows("contact_messages").await, 1);

    // What was there before is shown to nobody.
    let seen =
        async || platform.ask("GET", "leads?reason=ticket%204711", None).await.body["items"].as_array().unwrap().len();
    assert_eq!(seen().await, 1);
    let funnel = platform.ask("GET", "funnel", None).await;
    assert_eq!(funnel.body["items"][0]["captures"], json!(1), "{}", funnel.body);
    let id = added.text("email_address_id");
    assert_eq!(platform.ask("DELETE", &format!("suppressions/{id}"), None).await.status, 204);
    assert_eq!(seen().await, 2);
    assert_eq!(platform.post("email-capture", None, &capture("ann@example.com")).await.0, 201);
    assert_eq!(seen().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_holds_identifiers_and_nothing_else() {
    let platform = Platform::start().await;
    let id = Uuid::now_v7().to_string();
    let by_id = json!({ "email_address_id": id, "reason": "bounced" });
    assert_eq!(suppress(&platform, &by_id).await.status, 201);
    let again = suppress(&platform, &json!({ "email_address_id": id, "reason": "other" })).await;
    assert_eq!((again.status, again.text("reason")), (200, "bounced".to_owned()), "the first reason stays");
    // An address that nobody has seen yet may be put on the list, too: it is Identity's then.
    let unseen = suppress(&platform, &json!({ "email": "new@example.com", "reason": "complained" })).await;
    assert_eq!(unseen.status, 201, "{}", unseen.body);
    for table in MARKETING {
        let named = format!("SELECT count(*) FROM svc.{table} t WHERE t::text ~* 'example'");
        assert_eq!(platform.marketing.source.number(&named).await, 0, "{table}");
    }
    let page = platform.ask("GET", "suppressions?limit=1", None).await;
    let rest = format!("suppressions?limit=1&cursor={}", page.body["next_cursor"].as_str().unwrap());
    let last = platform.ask("GET", &rest, None).await;
    assert_eq!((page.body["items"].as_array().unwrap().len(), &last.body["next_cursor"]), (1, &Value::Null));
    assert_ne!(page.body["items"][0], last.body["items"][0]);

    assert_eq!(platform.ask("DELETE", &format!("suppressions/{id}"), None).await.status, 204);
    assert!(platform.ask("DELETE", &format!("suppressions/{id}"), None).await.is(catalogue::NOT_FOUND));
    for (body, pointer) in [
        (json!({ "reason": "other" }), "/email"),
        (json!({ "email": "a@example.com", "email_address_id": id, "reason": "other" }), "/email"),
        (json!({ "email_address_id": "7", "reason": "other" }), "/email_address_id"),
        (json!({ "email": "ann", "reason": "other" }), "/email"),
        (json!({ "email": "ann@example.com", "reason": "because" }), "/reason"),
    ] {
        let refused = suppress(&platform, &body).await;
        assert!(refused.is(catalogue::INVALID_VALUE) && refused.pointer() == pointer, "{body}: {}", refused.body);
    }
}

/// Under a key the answer is kept like any other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_means_one_answer() {
    let platform = Platform::start().await;
    let body = json!({ "email": "ann@example.com", "reason": "objected" });
    let (status, _, first) = platform.post("suppressions", Some("k"), &body).await;
    assert_eq!(status, 201, "{first}");
    assert_eq!(platform.post("suppressions", Some("k"), &body).await, (201, true, first));
    let other = json!({ "email": "bob@example.com", "reason": "objected" });
    assert_eq!(platform.post("suppressions", Some("k"), &other).await.0, 422);
    assert_eq!(platform.rows("suppressions").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_of_the_staff_changes_the_list_is_on_record() {
    let platform = Platform::start().await;
    let doors = Doors::open("marketing", RULES, platform.router().await).await;
    let (staff, path) = (Who::Staff(Assurance::Second), "/api/marketing/suppressions");
    let (id, body) = (Uuid::now_v7(), |id: Uuid| json!({ "email_address_id": id, "reason": "bounced" }));
    assert_eq!(doors.ask(staff, Post, path, Some(&body(id))).await.unwrap().status, 201);
    assert_eq!(doors.ask(staff, Delete, &format!("{path}/{id}"), None).await.unwrap().status, 204);
    for (route, detail) in
        [("suppressions", "detail->>'cause' = 'bounced'"), ("suppressions/{email_address_id}", "true")]
    {
        let written = format!(
            "SELECT count(*) FROM svc.staff_access WHERE route = '/api/marketing/{route}' AND '{id}' = ANY(about) AND {detail}"
        );
        assert_eq!(platform.marketing.source.number(&written).await, 1, "{route}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_to_nothing_does_not_tell_who_is_on_the_list() {
    let platform = Platform::start().await;
    assert_eq!(suppress(&platform, &json!({ "email": "ann@example.com", "reason": "objected" })).await.status, 201);
    let agreeing = |email: &str, version: &str| {
        let mut form = capture(email);
        form["consent"] = json!(version);
        form
    };
    assert_eq!(platform.ask("PUT", "consent-texts/news-1", Some(&json!({ "text": "I want mail." }))).await.status, 200);
    for email in ["ann@example.com", "bob@example.com"] {
        assert_eq!(platform.post("email-capture", None, &agreeing(email, "news-9")).await.0, 422, "{email}");
        assert_eq!(platform.post("email-capture", None, &agreeing(email, "news-1")).await.0, 201, "{email}");
    }
    assert_eq!((platform.rows("email_captures").await, platform.rows("consents").await), (1, 1));
}
