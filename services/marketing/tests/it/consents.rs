//! What visitors agree to: texts under versions that never change, and who agreed to which, when.

use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

use crate::platform::{Platform, capture, contact, is_kind};

fn agreeing(mut form: Value, version: &str) -> Value {
    form["consent"] = json!(version);
    form
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_never_changes_under_its_version() {
    let platform = Platform::start().await;
    let put = async |text: &str| platform.ask("PUT", "consent-texts/news-1", Some(&json!({ "text": text }))).await;
    let first = put("I want mail.").await;
    assert_eq!((first.status, first.text("version")), (200, "news-1".to_owned()), "{}", first.body);
    assert_eq!(put(" I want mail. ").await.body, first.body, "the same again changes nothing");
    assert!(put("I want mail and calls.").await.is(catalogue::ALREADY_EXISTS));
    let shown = platform.ask("GET", "consent-texts/news-1", None).await;
    assert_eq!((shown.status, &shown.body), (200, &first.body));
    assert!(shown.header("cache-control").contains("immutable"));
    assert!(platform.ask("GET", "consent-texts/news-2", None).await.is(catalogue::NOT_FOUND));
    assert!(
        platform.ask("PUT", "consent-texts/a%20b", Some(&json!({ "text": "x" }))).await.is(catalogue::INVALID_VALUE)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_agreed_is_kept_with_version_and_time() {
    let platform = Platform::start().await;
    assert_eq!(platform.ask("PUT", "consent-texts/news-1", Some(&json!({ "text": "I want mail." }))).await.status, 200);
    let form = agreeing(capture("ann@example.com"), "news-1");
    let (status, _, lead) = platform.post("email-capture", Some("k"), &form).await;
    assert_eq!(status, 201, "{lead}");
    assert!(platform.post("email-capture", Some("k"), &form).await.1, "the same request");
    let other = platform.post("email-capture", Some("k"), &capture("ann@example.com")).await;
    assert!(is_kind(&other, catalogue::KEY_REUSED), "without the consent it is another request: {other:?}");
    assert_eq!(platform.post("contact", None, &agreeing(contact("ann@example.com"), "news-1")).await.0, 201);
    assert_eq!(platform.post("contact", None, &agreeing(contact("ann@example.com"), " ")).await.0, 201);
    let kept = format!(
        "SELECT count(*) FROM svc.consents WHERE email_address_id = '{}' AND text_version = 'news-1' AND agreed_at > now() - interval '1 minute'",
        lead["email_address_id"].as_str().unwrap()
    );
    assert_eq!((platform.marketing.source.number(&kept).await, platform.rows("consents").await), (2, 2));

    // A version that nobody declared is no consent, and leaves nothing.
    let unknown = platform.post("email-capture", Some("u"), &agreeing(capture("bob@example.com"), "news-9")).await;
    assert!(is_kind(&unknown, catalogue::INVALID_VALUE), "{unknown:?}");
    assert_eq!(unknown.2["errors"][0]["pointer"], json!("/consent"));
    assert_eq!(platform.post("email-capture", Some("u"), &capture("bob@example.com")).await.0, 201, "the key is free");
    assert_eq!(platform.rows("email_captures").await, 2);
    let seen = platform.ask("GET", "leads?reason=ticket%204711", None).await;
    let ann = seen.body["items"].as_array().unwrap().iter().find(|item| item["id"] == lead["id"]).unwrap();
    assert_eq!(ann["consent_version"], json!("news-1"));
    assert!(ann["consented_at"].as_str().unwrap().ends_with('Z'), "{ann}");
}
