//! Addresses that want nothing from us: no lead is taken from them, and nobody is told so.

use rerp_kit::problem::catalogue;
use serde_json::{Value, json};
use uuid::Uuid;

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
async fn the_list_holds_identifiers_and_every_change_is_in_the_audit_log() {
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
    for (action, times) in [("suppressions.add", 2), ("suppressions.remove", 1)] {
        let written = format!("SELECT count(*) FROM svc.audit_log WHERE action = '{action}' AND subject IS NOT NULL");
        assert_eq!(platform.marketing.source.number(&written).await, times, "{action}");
    }
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
