//! Keys of callers: one effect and one answer for each, in flight and for a day.

use std::sync::Arc;

use crate::platform::{Platform, capture, contact, is_kind};
use crate::support::open;
use rerp_kit::problem::catalogue;
use serde_json::json;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_means_one_effect_and_one_answer() {
    let platform = Platform::start().await;
    let key = Uuid::now_v7().to_string();
    let (status, replayed, first) = platform.post("email-capture", Some(&key), &capture("ann@example.com")).await;
    assert_eq!((status, replayed, &first["id"]), (201, false, &json!(key)), "a UUID as key becomes the identifier");
    // The captcha's token changes with each try; the address may be written in another way: still the same request.
    let mut again = capture("ANN@example.com");
    again["recaptcha_token"] = json!("another");
    assert_eq!(platform.post("email-capture", Some(&key), &again).await, (201, true, first.clone()));
    let mut other = capture("ann@example.com");
    other["source"] = json!("exit-intent");
    let reused = platform.post("email-capture", Some(&key), &other).await;
    assert!(is_kind(&reused, catalogue::KEY_REUSED), "{reused:?}");
    let (status, replayed, _) = platform.post("contact", Some(&key), &contact("ann@example.com")).await;
    assert_eq!((status, replayed), (201, false), "keys belong to a route");
    assert_eq!((platform.rows("email_captures").await, platform.rows("contact_messages").await), (1, 1));

    // Once the key has been forgotten, its UUID is still taken.
    platform.marketing.source.execute("DELETE FROM svc.idempotency_keys").await;
    let taken = platform.post("email-capture", Some(&key), &capture("ann@example.com")).await;
    assert!(is_kind(&taken, catalogue::ID_TAKEN), "{taken:?}");
    assert_eq!(platform.rows("idempotency_keys").await, 0, "and nothing half is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_answers_are_forgotten_and_young_ones_are_not() {
    let platform = Platform::start().await;
    for key in ["old", "young"] {
        assert_eq!(platform.post("contact", Some(key), &contact("ann@example.com")).await.0, 201);
    }
    let age = "UPDATE svc.idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'old'";
    platform.marketing.source.execute(age).await;
    let (db, _) = open(platform.marketing.dir()).await;
    assert_eq!(rerp_kit::idempotency::sweep(&db).await.unwrap(), 1);
    assert_eq!(rerp_kit::idempotency::sweep(&db).await.unwrap(), 0);
    assert!(platform.post("contact", Some("young"), &contact("ann@example.com")).await.1);
    assert!(!platform.post("contact", Some("old"), &contact("ann@example.com")).await.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_in_flight_have_one_effect() {
    let platform = Arc::new(Platform::start().await);
    for round in 0..10 {
        let racing: Vec<_> = (0..16)
            .map(|_| {
                let platform = platform.clone();
                tokio::spawn(async move {
                    platform.post("contact", Some(&format!("form-{round}")), &contact("ann@example.com")).await
                })
            })
            .collect();
        let mut ids = std::collections::HashSet::new();
        for twin in racing {
            let answer = twin.await.unwrap();
            if answer.0 == 201 {
                ids.insert(answer.2["id"].as_str().unwrap().to_owned());
            } else {
                assert!(is_kind(&answer, catalogue::IN_PROGRESS), "{answer:?}");
            }
        }
        assert_eq!(ids.len(), 1);
    }
    assert_eq!(platform.rows("contact_messages").await, 10);
}
