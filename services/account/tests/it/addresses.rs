//! Addresses as their callers see them: the real router, a real database, and the real Identity beside it.

use crate::support;

use std::collections::HashSet;
use std::sync::Arc;

use crate::platform::{ANN, BOB, CAT, NOBODY, Platform};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

/// A place; `with` adds to it or replaces.
fn place(street: &str, with: Value) -> Value {
    let mut body =
        json!({ "type": "billing", "street_address": street, "city": "Köln", "postal_code": "50667", "country": "DE" });
    for (field, value) in with.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

fn of_person(street: &str, person: &str) -> Value {
    place(street, json!({ "person_id": person }))
}

const CURRENT_PRIMARY: &str = "SELECT count(*) FROM svc.addresses WHERE is_primary AND valid_to IS NULL";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_are_added_listed_and_changed_with_their_history() {
    let platform = Platform::start().await;
    let account = platform.open(ANN, "personal").await;
    let addresses = format!("/{account}/addresses");
    let first = platform.post(&addresses, &of_person(" Domkloster 4 ", ANN)).await;
    assert_eq!((first.status, first.header("etag")), (201, "\"1\""), "{}", first.body);
    assert_eq!(first.body["street_address"], "Domkloster 4");
    assert_eq!(
        (&first.body["is_primary"], &first.body["company_id"]),
        (&json!(true), &Value::Null),
        "the first is primary"
    );
    let one = format!("{addresses}/{}", first.text("address_id"));
    assert_eq!(first.header("location"), format!("/api/accounts{one}"));

    let second = platform.post(&addresses, &of_person("Breite Straße 1", ANN)).await;
    assert_eq!((second.status, &second.body["is_primary"]), (201, &json!(false)));
    let other = format!("{addresses}/{}", second.text("address_id"));
    let moved = platform
        .put(&one, "\"1\"", &place("Hohe Straße 9", json!({ "type": "residential", "state_province": "NRW" })))
        .await;
    assert_eq!(
        (moved.status, moved.header("etag"), &moved.body["version"]),
        (200, "\"2\"", &json!(2)),
        "{}",
        moved.body
    );
    assert_eq!((&moved.body["is_primary"], &moved.body["person_id"]), (&json!(true), &json!(ANN)), "both stay");
    assert_eq!(moved.body["created_at"], first.body["created_at"]);

    // Nothing new is no change; another primary ends the first one's time as such, in a version of its own.
    let same = platform
        .put(&one, "\"2\"", &place("Hohe Straße 9", json!({ "type": "residential", "state_province": "NRW" })))
        .await;
    assert_eq!((same.status, &same.body), (200, &moved.body));
    let promoted = platform.put(&other, "\"1\"", &place("Breite Straße 1", json!({ "is_primary": true }))).await;
    assert_eq!((promoted.status, &promoted.body["is_primary"]), (200, &json!(true)), "{}", promoted.body);
    let list = platform.get(&addresses).await;
    let items = list.body["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["version"], &items[0]["is_primary"]), (2, &json!(3), &json!(false)));
    assert_eq!(items[1], promoted.body);

    let history = format!("SELECT count(*) FROM svc.addresses a JOIN svc.addresses b ON b.id = a.id AND b.version = a.version + 1 AND b.valid_from = a.valid_to
        WHERE a.valid_to >= a.valid_from AND a.id = '{}'", first.text("address_id"));
    assert_eq!((platform.account.number(&history).await, platform.rows("addresses").await), (2, 5), "without a gap");
    assert_eq!(
        platform
            .account
            .number("SELECT count(*) FROM svc.addresses WHERE street_address = 'Domkloster 4' AND valid_to IS NOT NULL")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_answered_is_a_problem() {
    let platform = Platform::start().await;
    let company = platform.company("Acme").await;
    let account = platform.open(ANN, "business").await;
    let addresses = format!("/{account}/addresses");
    for (body, kind, pointer) in [
        (place("A 1", json!({})), catalogue::INVALID_VALUE, "/person_id"),
        (place("A 1", json!({ "person_id": ANN, "company_id": company })), catalogue::INVALID_VALUE, "/person_id"),
        (of_person("A 1", "1"), catalogue::INVALID_VALUE, "/person_id"),
        (of_person("A 1", BOB), catalogue::INVALID_VALUE, "/person_id"),
        (place("A 1", json!({ "company_id": company })), catalogue::INVALID_VALUE, "/company_id"),
        (place("A 1", json!({ "person_id": ANN, "type": "home" })), catalogue::INVALID_VALUE, "/type"),
        (place("A 1", json!({ "person_id": ANN, "country": "UK" })), catalogue::INVALID_VALUE, "/country"),
        (place("A 1", json!({ "person_id": ANN, "country": "de" })), catalogue::INVALID_VALUE, "/country"),
        (of_person(" ", ANN), catalogue::INVALID_VALUE, "/street_address"),
        (place("A 1", json!({ "person_id": ANN, "planet": "Earth" })), catalogue::INVALID_BODY, ""),
        (place("A 1", json!({ "person_id": ANN, "is_primary": "yes" })), catalogue::INVALID_BODY, ""),
    ] {
        let answer = platform.post_as("one-key", &addresses, &body).await;
        assert!(answer.is(kind), "{body}: {}", answer.body);
        assert_eq!(answer.pointer(), pointer, "{body}: {}", answer.body);
    }
    for path in [format!("/{NOBODY}/addresses"), "/1/addresses".to_owned()] {
        assert!(platform.post(&path, &of_person("A 1", ANN)).await.is(catalogue::NOT_FOUND), "{path}");
        assert!(platform.get(&path).await.is(catalogue::NOT_FOUND), "{path}");
    }
    assert_eq!((platform.rows("addresses").await, platform.rows("idempotency_keys").await), (0, 0));

    let one = format!("{addresses}/{}", platform.post(&addresses, &of_person("A 1", ANN)).await.text("address_id"));
    let elsewhere = one.replace(&account, &platform.open(BOB, "business").await);
    let b = place("B 2", json!({}));
    for (path, version, body, kind) in [
        (&one, Some("\"2\""), &b, catalogue::CHANGED_MEANWHILE),
        (&one, Some("W/\"1\""), &b, catalogue::CHANGED_MEANWHILE),
        (&one, Some("1"), &b, catalogue::MALFORMED_HEADER),
        (&one, None, &b, catalogue::VERSION_REQUIRED),
        (&one, Some("\"1\""), &of_person("B 2", ANN), catalogue::INVALID_BODY),
        (&one, Some("\"1\""), &place("A 1", json!({ "is_primary": false })), catalogue::INVALID_VALUE),
        (&elsewhere, Some("\"1\""), &b, catalogue::NOT_FOUND),
        (&format!("{addresses}/{NOBODY}"), Some("*"), &b, catalogue::NOT_FOUND),
        (&format!("{addresses}/1"), Some("*"), &b, catalogue::NOT_FOUND),
    ] {
        let headers: Vec<_> = version.map(|version| ("if-match", version)).into_iter().collect();
        let answer = platform.send("PUT", path, &headers, Some(body)).await;
        assert!(answer.is(kind), "{path} {version:?}: {}", answer.body);
    }
    assert_eq!(platform.rows("addresses").await, 1);
    assert_eq!(platform.put(&one, "*", &b).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_s_addresses_are_its_own() {
    let platform = Platform::start().await;
    let company = platform.company("Acme").await;
    let mut opened = Vec::new();
    for person in [ANN, BOB] {
        let wish = json!({ "human_name_id": person, "kind": "business", "company_id": company });
        opened.push(platform.post("", &wish).await.text("account_id"));
    }
    let of_company = |street: &str| place(street, json!({ "company_id": company, "type": "registered" }));
    for account in &opened {
        for street in ["A 1", "B 2"] {
            let added = platform.post(&format!("/{account}/addresses"), &of_company(street)).await;
            assert_eq!((added.status, &added.body["is_primary"]), (201, &json!(street == "A 1")), "{}", added.body);
        }
    }
    // Persons and the company have one each, in each account.
    let own = platform.post(&format!("/{}/addresses", opened[0]), &of_person("C 3", ANN)).await;
    assert_eq!((own.status, &own.body["is_primary"]), (201, &json!(true)));
    assert_eq!(platform.account.number(CURRENT_PRIMARY).await, 3);
    for (account, count) in opened.iter().zip([3, 2]) {
        let mut seen = HashSet::new();
        let mut cursor = String::new();
        loop {
            let page = platform.get(&format!("/{account}/addresses?limit=2{cursor}")).await;
            for item in page.body["items"].as_array().unwrap() {
                assert!(
                    seen.insert(item["address_id"].as_str().unwrap().to_owned())
                        && item["account_id"] == json!(account)
                );
            }
            let Some(next) = page.body["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), count);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_means_one_address_and_is_stored_without_it() {
    let platform = Platform::start().await;
    let account = platform.open(ANN, "personal").await;
    let addresses = format!("/{account}/addresses");
    let first = platform.post_as("one", &addresses, &of_person("Needle 7", ANN)).await;
    assert_eq!((first.status, first.replayed()), (201, false), "{}", first.body);
    let one = format!("{addresses}/{}", first.text("address_id"));
    assert_eq!(platform.put(&one, "\"1\"", &place("B 2", json!({}))).await.status, 200);
    let again = platform.post_as("one", &addresses, &of_person(" Needle 7", ANN)).await;
    assert_eq!((again.status, again.replayed(), &again.body), (201, true, &first.body), "as it was the first time");
    assert!(platform.post_as("one", &addresses, &of_person("C 3", ANN)).await.is(catalogue::KEY_REUSED));
    let told = "SELECT count(*) FROM svc.idempotency_keys WHERE answer::text ~* 'needle' OR answer = 'null'";
    assert_eq!((platform.account.number(told).await, platform.rows("idempotency_keys").await), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_address_is_primary_whoever_adds_and_changes_at_the_same_moment() {
    let platform = Arc::new(Platform::start().await);
    let account = platform.open(ANN, "personal").await;
    let addresses = format!("/{account}/addresses");
    for round in 0..5 {
        let racing: Vec<_> = (0..12)
            .map(|n| {
                let (platform, addresses) = (Arc::clone(&platform), addresses.clone());
                let body = place(&format!("{round} {n}"), json!({ "person_id": ANN, "is_primary": n % 2 == 0 }));
                tokio::spawn(async move { platform.post(&addresses, &body).await })
            })
            .collect();
        let mut added = Vec::new();
        for racer in racing {
            let answer = racer.await.unwrap();
            assert_eq!(answer.status, 201, "{}", answer.body);
            added.push(answer.text("address_id"));
        }
        assert_eq!(platform.account.number(CURRENT_PRIMARY).await, 1);
        // Everybody has read the same version of one address: one change gets through.
        let one = format!("{addresses}/{}", added[1]);
        let list = platform.get(&format!("{addresses}?limit=200")).await;
        let now =
            list.body["items"].as_array().unwrap().iter().find(|item| item["address_id"] == json!(added[1])).unwrap();
        let tag = format!("\"{}\"", now["version"]);
        let racing: Vec<_> = (0..12)
            .map(|n| {
                let (platform, one, tag) = (Arc::clone(&platform), one.clone(), tag.clone());
                let body = place(&format!("changed {round} {n}"), json!({ "is_primary": true }));
                tokio::spawn(async move { platform.put(&one, &tag, &body).await })
            })
            .collect();
        let mut changed = 0;
        for racer in racing {
            let answer = racer.await.unwrap();
            assert!(answer.status == 200 || answer.is(catalogue::CHANGED_MEANWHILE), "{}", answer.body);
            changed += u32::from(answer.status == 200);
        }
        assert_eq!((changed, platform.account.number(CURRENT_PRIMARY).await), (1, 1));
    }
    let gaps =
        "SELECT count(*) FROM svc.addresses a LEFT JOIN svc.addresses b ON b.id = a.id AND b.version = a.version + 1
        WHERE a.valid_to IS DISTINCT FROM b.valid_from";
    assert_eq!(platform.account.number(gaps).await, 0);
    let unnamed = platform.post(&addresses, &of_person("D 4", CAT)).await;
    assert_eq!(unnamed.pointer(), "/person_id", "{}", unnamed.body);
}

/// The migration meets rows of the version before: they keep what they say, and people's addresses go to their own accounts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_of_the_version_before_become_first_versions() {
    let home = support::Home::new().await;
    home.define(include_str!("../../migrations/0001_account.sql")).await;
    home.define(&format!(
        "INSERT INTO companies (id, name, name_key) VALUES ('{NOBODY}', 'Acme', 'acme');
         INSERT INTO accounts (id, human_name_id, kind) VALUES ('{CAT}', '{ANN}', 'personal');
         INSERT INTO addresses (id, type, person_id, company_id, country, is_primary, updated_at) VALUES
            ('{ANN}', 'home', '{ANN}', NULL, 'DE', true, '2026-01-01'), ('{BOB}', 'postal', NULL, '{NOBODY}', NULL, true, now())"
    ))
    .await;
    home.define(include_str!("../../migrations/0002_accounts.sql")).await;
    for (id, now) in [
        (ANN, format!("type = 'residential' AND account_id = '{CAT}' AND valid_from = '2026-01-01'")),
        (BOB, "type = 'shipping' AND account_id IS NULL".to_owned()),
    ] {
        let kept =
            format!("SELECT count(*) FROM svc.addresses WHERE id = '{id}' AND version = 1 AND is_primary AND {now}");
        assert_eq!(home.number(&kept).await, 1, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_goes_and_its_history_stays() {
    let platform = Platform::start().await;
    let account = platform.open(ANN, "business").await;
    let addresses = format!("/{account}/addresses");
    let [first, second] = [
        platform.post(&addresses, &of_person("A 1", ANN)).await.text("address_id"),
        platform.post(&addresses, &of_person("B 2", ANN)).await.text("address_id"),
    ];
    let refused = platform.delete(&format!("{addresses}/{first}")).await;
    assert!(refused.is(catalogue::IN_USE), "it is the primary one: {}", refused.body);
    assert_eq!(platform.delete(&format!("{addresses}/{second}")).await.status, 204);
    for gone in [&second, &NOBODY.to_owned(), &"1".to_owned()] {
        assert!(platform.delete(&format!("{addresses}/{gone}")).await.is(catalogue::NOT_FOUND), "{gone}");
    }
    let changed = platform.put(&format!("{addresses}/{second}"), "*", &place("C 3", json!({}))).await;
    assert!(changed.is(catalogue::NOT_FOUND), "{}", changed.body);
    assert_eq!(platform.delete(&format!("{addresses}/{first}")).await.status, 204, "the last one may go");
    assert_eq!(platform.get(&addresses).await.body["items"], json!([]));
    assert_eq!(platform.rows("addresses WHERE valid_to >= valid_from").await, 2);
    // The next one is the first again.
    let next = platform.post(&addresses, &of_person("D 4", ANN)).await;
    assert_eq!((next.status, &next.body["is_primary"]), (201, &json!(true)), "{}", next.body);
}
