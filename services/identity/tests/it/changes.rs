//! People are made once, and changed by whoever has read what is there: the real router, a real database, the real migrations.

use std::net::SocketAddr;

use crate::support::answer::{Answer, request};
use crate::support::service::{serve, split_of};
use crate::support::{Split, open, visitor};
use rerp_identity::domain::otp::Channel;
use rerp_identity::domain::phone::PhoneNumber;
use rerp_identity::store::otp::{self, Challenge, Contact};
use rerp_identity::store::proof::{self, Owned};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};
use uuid::Uuid;

const KEY: &str = "0191f7a1-3f0c-7000-8000-000000000001";
const CHANGED: &str = "SELECT count(*) FROM svc.outbox WHERE type = 'identity.contact.changed.v1'";

struct Api {
    split: Split,
    at: SocketAddr,
}

impl Api {
    async fn start() -> Self {
        let split = split_of(&["email_addresses"], rerp_identity::migrations).await;
        split.source.events_come_last().await;
        let (db, _) = open(split.dir()).await;
        let at = serve(rerp_identity::router(db)).await;
        Self { split, at }
    }

    async fn send(&self, method: &str, rest: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let url = format!("http://{}/api/identity/user{rest}", self.at);
        Answer::to(request(&visitor(), method, url, headers, body)).await
    }

    async fn put(&self, rest: &str, version: &str, body: &Value) -> Answer {
        self.send("PUT", &format!("/{KEY}{rest}"), &[("if-match", version)], Some(body)).await
    }

    async fn ann(&self) -> Answer {
        let body = json!({ "email": "Ann@Example.com", "first_name": " Ann ", "surname": "O'Brien", "username": "Ann.O",
            "phone_number": "+49 170 1234567" });
        self.send("POST", "", &[("idempotency-key", KEY)], Some(&body)).await
    }

    async fn number(&self, sql: &str) -> i64 {
        self.split.source.number(sql).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_made_once_per_key() {
    let api = Api::start().await;
    let made = api.ann().await;
    assert_eq!((made.status, made.text("human_name_id").as_str(), made.header("etag")), (201, KEY, "\"1\""));
    assert_eq!(made.header("location"), format!("/api/identity/user/{KEY}"));
    let again = api.ann().await;
    assert_eq!((again.status, again.replayed(), &again.body), (201, true, &made.body));
    let other = json!({ "email": "other@example.com" });
    assert!(api.send("POST", "", &[("idempotency-key", KEY)], Some(&other)).await.is(catalogue::KEY_REUSED));
    let seen = api.send("GET", &format!("/{KEY}"), &[], None).await;
    assert_eq!((seen.text("first_name"), seen.text("username")), ("Ann".to_owned(), "ann.o".to_owned()));
    let known = api.send("GET", &format!("/{KEY}"), &[("if-none-match", seen.header("etag"))], None).await;
    assert_eq!(known.status, 304);
    assert_eq!(api.number("SELECT count(*) FROM svc.human_names").await, 1);
    assert_eq!(api.number("SELECT count(*) FROM svc.outbox WHERE type = 'identity.email.created.v1'").await, 1);
    // An answer that is kept holds nothing of the person.
    let kept = "SELECT count(*) FROM svc.idempotency_keys AS k WHERE k::text ILIKE '%ann%' OR k::text ILIKE '%brien%'";
    assert_eq!(api.number(kept).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_somebody_else_s_is_refused_and_the_key_stays_free() {
    let api = Api::start().await;
    assert_eq!(api.ann().await.status, 201);
    for (body, pointer) in [
        (json!({ "email": "ANN@example.com" }), "/email"),
        (json!({ "email": "bob@example.com", "username": "ann.o" }), "/username"),
    ] {
        let refused = api.send("POST", "", &[("idempotency-key", "bob")], Some(&body)).await;
        assert!(refused.is(catalogue::ALREADY_EXISTS) && refused.pointer() == pointer, "{}", refused.text);
    }
    let bad = json!({ "email": "bob", "first_name": "a\nb", "username": "a b", "phone_number": "0170" });
    let refused = api.send("POST", "", &[], Some(&bad)).await;
    assert_eq!((refused.status, refused.body["errors"].as_array().unwrap().len()), (422, 4), "{}", refused.text);
    let bob = json!({ "email": "bob@example.com" });
    let made = api.send("POST", "", &[("idempotency-key", "bob")], Some(&bob)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let taken = format!("/{}/email", made.text("human_name_id"));
    let theirs = json!({ "email": "ann@example.com" });
    let refused = api.send("PUT", &taken, &[("if-match", "*")], Some(&theirs)).await;
    assert!(refused.is(catalogue::ALREADY_EXISTS), "{}", refused.text);
    assert_eq!(api.number("SELECT count(*) FROM svc.human_names").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_names_the_version_it_is_meant_for() {
    let api = Api::start().await;
    assert_eq!(api.ann().await.status, 201);
    let names = json!({ "first_name": "Anna", "surname": null, "username": "anna" });
    assert!(api.send("PUT", &format!("/{KEY}"), &[], Some(&names)).await.is(catalogue::VERSION_REQUIRED));
    let changed = api.put("", "\"1\"", &names).await;
    assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""));
    assert!(api.put("", "\"1\"", &json!({ "first_name": "Bea" })).await.is(catalogue::CHANGED_MEANWHILE));
    assert_eq!(api.put("", "\"2\"", &names).await.header("etag"), "\"2\"", "it is so already");
    let seen = api.send("GET", &format!("/{KEY}"), &[], None).await;
    assert_eq!((seen.text("first_name"), &seen.body["surname"]), ("Anna".to_owned(), &Value::Null));
    // Under a key a repetition has the answer of the first time, though the version has moved on.
    let headers = [("if-match", "\"2\""), ("idempotency-key", "again")];
    let body = json!({ "first_name": "Bea" });
    for replayed in [false, true] {
        let answer = api.send("PUT", &format!("/{KEY}"), &headers, Some(&body)).await;
        assert_eq!((answer.status, answer.replayed(), &answer.body["version"]), (200, replayed, &json!(3)));
    }
    let nobody = KEY.replace("0001", "0002");
    assert!(api.send("PUT", &format!("/{nobody}"), &[("if-match", "*")], Some(&names)).await.is(catalogue::NOT_FOUND));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_contact_is_proved_by_nobody_and_told_once() {
    let api = Api::start().await;
    let first = api.ann().await.text("email_address_id");
    let proved = format!(
        "INSERT INTO svc.verification_tracking (id, human_name_id, email_verified, phone_verified, announced_at) \
         VALUES ('{KEY}', '{KEY}', true, true, now()); UPDATE svc.mobile_numbers SET is_verified = true"
    );
    api.split.source.define(&proved).await;
    let (email, mobile) = (json!({ "email": "ann@example.org" }), json!({ "phone_number": "+16502530000" }));
    let moved = api.put("/email", "\"1\"", &email).await;
    assert_eq!((moved.status, moved.header("etag")), (200, "\"2\""), "{}", moved.text);
    assert!(moved.text("email_address_id") != first);
    assert_eq!(api.put("/email", "\"2\"", &email).await.header("etag"), "\"2\"", "it is so already");
    let proofs =
        "SELECT count(*) FROM svc.verification_tracking WHERE email_verified OR NOT phone_verified OR both_verified";
    assert_eq!((api.number(proofs).await, api.number(CHANGED).await), (0, 1));
    assert_eq!(api.put("/mobile", "\"2\"", &mobile).await.header("etag"), "\"3\"");
    assert_eq!(api.put("/mobile", "*", &mobile).await.header("etag"), "\"3\"");
    let phone = "SELECT count(*) FROM svc.mobile_numbers WHERE phone_number = '+16502530000' AND NOT is_verified";
    assert_eq!((api.number(phone).await, api.number(CHANGED).await), (1, 2));
    // Back to the first address: it has its identifier still.
    let back = api.put("/email", "\"3\"", &json!({ "email": "ann@example.com" })).await;
    assert_eq!(back.text("email_address_id"), first);
    let formers = format!("SELECT count(*) FROM svc.former_addresses WHERE email_address_id <> '{first}'");
    assert_eq!((api.number("SELECT count(*) FROM svc.former_addresses").await, api.number(&formers).await), (1, 1));
    let personal = "SELECT count(*) FROM svc.outbox AS o WHERE o::text LIKE '%@%' OR o::text LIKE '%+1650%'";
    assert_eq!(api.number(personal).await, 0);
}

/// A code may be on its way while a contact is changed: it proves what it was sent to, and nothing that came after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_proves_no_contact_that_came_after_it() {
    let api = Api::start().await;
    let address = api.ann().await.text("email_address_id");
    let (db, _) = open(api.split.dir()).await;
    let db = db.at_work();
    let human: Uuid = KEY.parse().unwrap();
    let before = [
        (Channel::Email, Owned::Email(address.parse().unwrap())),
        (Channel::Phone, Owned::Phone(human, PhoneNumber::parse("+491701234567").unwrap())),
    ];
    assert_eq!(api.put("/email", "*", &json!({ "email": "ann@example.org" })).await.status, 200);
    assert_eq!(api.put("/mobile", "*", &json!({ "phone_number": "+16502530000" })).await.status, 200);
    for (channel, owned) in before {
        let challenge = Challenge { id: Uuid::now_v7(), digest: vec![1; 32] };
        let contact = Contact { channel, digest: challenge.id.as_bytes().to_vec() };
        assert!(otp::begin(&db, &contact, &challenge).await.unwrap());
        let proved = proof::record(&db, &contact, challenge.id, &owned).await.unwrap();
        assert!(!proved.is_some_and(|proved| proved.both), "{owned:?}");
    }
    let proofs = "SELECT count(*) FROM svc.verification_tracking WHERE email_verified OR phone_verified";
    let phones = "SELECT count(*) FROM svc.mobile_numbers WHERE is_verified";
    assert_eq!((api.number(proofs).await, api.number(phones).await), (0, 0));
}
