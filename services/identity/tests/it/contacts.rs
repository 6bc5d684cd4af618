//! One's own contacts: what they are, and when the next code may be asked for.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::verify::{ANN, PHONE, World, other_than};

fn at(view: &Value, pointer: &str) -> Timestamp {
    view.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {view}")).parse().unwrap()
}

fn seconds(from: Timestamp, until: Timestamp) -> SignedDuration {
    until.duration_since(from)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wizard_learns_what_is_proved_and_when_the_next_code_may_be_asked_for() {
    let world = World::new(100).await;
    let (status, etag, view) = world.contacts(ANN).await;
    assert_eq!((status, etag.as_str(), &view["human_name_id"]), (200, "\"1\"", &json!(ANN)), "{view}");
    let nothing = |contact: &str| json!({ "contact": contact, "verified": false, "verified_at": null, "next_code_at": null, "code": null });
    assert_eq!((&view["email"], &view["mobile"]), (&nothing("ann@example.com"), &nothing(PHONE)));

    assert_eq!(world.email("ann@example.com", None).await.0, 202);
    let code = world.vendor.code("ann@example.com", 1).await;
    let view = world.contacts(ANN).await.2;
    let (now, next) = (at(&view, "/now"), at(&view, "/email/next_code_at"));
    assert!(next > now && seconds(now, next) <= SignedDuration::from_secs(61), "{view}");
    assert_eq!(seconds(next, at(&view, "/email/code/expires_at")), SignedDuration::from_secs(540), "{view}");
    assert_eq!((&view["email"]["code"]["tries_left"], &view["mobile"]["code"]), (&json!(5), &Value::Null));
    for left in [4, 3, 2, 1, 0, 0] {
        assert_eq!(world.email("ann@example.com", Some(other_than(&code))).await.0, 422);
        assert_eq!(world.contacts(ANN).await.2["email"]["code"]["tries_left"], json!(left));
    }

    // A minute later there may be another one, which starts anew; once it is used there is none to type.
    world.a_minute_passes().await;
    assert_eq!(world.contacts(ANN).await.2["email"]["next_code_at"], Value::Null);
    assert_eq!(world.email("ann@example.com", None).await.0, 202);
    let code = world.vendor.code("ann@example.com", 2).await;
    assert_eq!(world.contacts(ANN).await.2["email"]["code"]["tries_left"], json!(5));
    assert_eq!(world.email("ann@example.com", Some(&code)).await.0, 200);
    let view = world.contacts(ANN).await.2;
    assert_eq!((&view["email"]["verified"], &view["email"]["code"]), (&json!(true), &Value::Null));
    assert!(at(&view, "/email/verified_at") <= at(&view, "/now"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_enough_codes_for_a_day_it_is_told_how_long_to_wait() {
    let world = World::new(100).await;
    assert_eq!(world.email("ann@example.com", None).await.0, 202);
    world
        .split
        .source
        .define("UPDATE otp_challenges SET sent_today = 10, sent_at = sent_at - interval '2 minutes'")
        .await;
    // Of midnight only one second is another day: then there may be a code, and the rest isn't tried.
    let view = world.contacts(ANN).await.2;
    let (status, headers, _) = world.whole("email", json!({ "email": "ann@example.com" })).await;
    if status == 429 {
        let wait = headers
            .iter()
            .find(|(name, _)| name == "retry-after")
            .map(|(_, value)| String::from_utf8(value.clone()).unwrap());
        let wait: i64 = wait.unwrap().parse().unwrap();
        let until = seconds(at(&view, "/now"), at(&view, "/email/next_code_at")).as_secs();
        assert!((until - wait).abs() <= 60 && (60..=86_400).contains(&wait), "{wait} s, and {until} s by {view}");
    }
    assert_eq!(world.contacts("0191f7a1-3f0c-7000-8000-0000000000ff").await.0, 404);
    world.split.source.define("DELETE FROM mobile_numbers").await;
    assert_eq!(world.contacts(ANN).await.2["mobile"], Value::Null);
}
