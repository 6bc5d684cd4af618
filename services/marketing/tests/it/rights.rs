//! Leads are a person's by the address they were left under, and have an end by themselves: Marketing beside the real Identity, each with a real database.

use crate::platform::{Platform, capture, contact};
use crate::support::answer::{Answer, request};
use crate::support::open;
use crate::support::rights::{forgotten, holding};
use crate::support::service::client;
use rerp_kit::rights::Retention;
use rerp_marketing::rights::{HELD, LIFETIMES};
use rerp_people::erasing::Eraser;
use serde_json::json;

const ANN: &str = "0191f7a1-3f0c-7000-8000-000000000001";
const EMAIL: &str = "needle.ann@example.com";
/// Of the forms that tests send.
const WORDS: &str = "hello,";

impl Platform {
    async fn send(&self, method: &str, url: String, body: Option<&serde_json::Value>) -> Answer {
        Answer::to(request(&self.http, method, url, &[("idempotency-key", ANN)], body)).await
    }

    fn person(&self, rest: &str) -> String {
        format!("http://{}/api/identity/user{rest}", self.identity_at)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_is_forgotten() {
    let platform = Platform::start().await;
    assert_eq!(forgotten(&platform.marketing.source, HELD, LIFETIMES).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_s_leads_are_theirs_to_take_along_and_to_erase() {
    let platform = Platform::start().await;
    assert_eq!(platform.ask("PUT", "consent-texts/news-1", Some(&json!({ "text": "I want mail." }))).await.status, 200);
    for (route, mut form) in
        [("email-capture", capture(EMAIL)), ("contact", contact(EMAIL)), ("contact", contact("bob@example.com"))]
    {
        form["consent"] = json!("news-1");
        assert_eq!(platform.post(route, None, &form).await.0, 201);
    }
    let off = json!({ "email": EMAIL, "reason": "objected" });
    assert_eq!(platform.ask("POST", "suppressions", Some(&off)).await.status, 201);
    let body = json!({ "email": EMAIL });
    assert_eq!(platform.send("POST", platform.person(""), Some(&body)).await.status, 201);
    let url = format!("http://{}/api/marketing/people/{ANN}/export", platform.at);
    let export = platform.send("GET", url, None).await;
    let rows = |table: &str| {
        let tables = export.body["tables"].as_array().unwrap();
        tables.iter().find(|one| one["table"] == table).unwrap()["rows"].as_array().unwrap().len()
    };
    assert_eq!((rows("email_captures"), rows("contact_messages")), (1, 1), "and not Bob's: {}", export.text);
    assert_eq!((rows("consents"), rows("suppressions")), (2, 1), "{}", export.text);

    assert_eq!(platform.send("DELETE", platform.person(&format!("/{ANN}")), None).await.status, 202);
    let (db, metrics) = open(platform.marketing.dir()).await;
    let eraser =
        Eraser { service: "marketing", identity: client("identity", platform.identity_at, &metrics), db, held: HELD };
    assert_eq!((eraser.turn().await.unwrap(), eraser.turn().await.unwrap()), (1, 0));
    assert_eq!((platform.rows("email_captures").await, platform.rows("contact_messages").await), (0, 1));
    assert_eq!((platform.rows("consents").await, platform.rows("suppressions").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_end_and_lose_their_names_before() {
    let platform = Platform::start().await;
    for form in ["new", "old", "older"] {
        assert_eq!(platform.post("email-capture", Some(form), &capture(&format!("{form}@example.com"))).await.0, 201);
        assert_eq!(platform.post("contact", Some(form), &contact(&format!("{form}@example.com"))).await.0, 201);
    }
    let (db, metrics) = open(platform.marketing.dir()).await;
    let retention = Retention::new(&db, LIFETIMES, &metrics).unwrap();
    assert_eq!(retention.turn().await.unwrap(), 0, "nothing is old yet");
    let source = &platform.marketing.source;
    for table in ["email_captures", "contact_messages"] {
        for (age, one) in [("13 months", 1), ("25 months", 2)] {
            let which = format!("SELECT id FROM svc.{table} ORDER BY id OFFSET {one} LIMIT 1");
            source
                .execute(&format!("UPDATE svc.{table} SET created_at = now() - interval '{age}' WHERE id = ({which})"))
                .await;
        }
    }
    // A name, a lead whose name went with it, two messages.
    assert_eq!(retention.turn().await.unwrap(), 5);
    assert_eq!(retention.turn().await.unwrap(), 0);
    assert_eq!((platform.rows("email_captures").await, platform.rows("contact_messages").await), (2, 1));
    assert_eq!(platform.rows("email_captures WHERE name IS NOT NULL").await, 1);
    assert_eq!(holding(source, LIFETIMES, WORDS).await, ["contact_messages"]);
    let page = metrics.page().unwrap();
    assert!(page.contains("rerp_retention_rows_total{table=\"contact_messages\"} 2"), "{page}");
}
