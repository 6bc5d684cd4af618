//! Accounts and permissions as their callers see them: the real router, a real database, and the real Identity beside it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::platform::{ANN, BOB, CAT, NOBODY, Platform};
use crate::support::service::client;
use crate::support::until;
use rerp_kit::client::Repeat;
use rerp_kit::metrics::Metrics;
use rerp_kit::problem::catalogue;
use rerp_proto::account::v1::CheckPermissionsRequest;
use rerp_proto::account::v1::permission_service_client::PermissionServiceClient;
use rerp_proto::identity::v1::CheckPersonRequest;
use rerp_proto::identity::v1::person_service_client::PersonServiceClient;
use serde_json::{Value, json};
use tokio::net::TcpListener;

fn wish(person: &str, kind: &str) -> Value {
    json!({ "human_name_id": person, "kind": kind })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_opens_an_account_owns_it() {
    let platform = Platform::start().await;
    let company = platform.company("Acme").await;
    let mut business = wish(ANN, "business");
    business["company_id"] = json!(company);
    for (wish, of) in
        [(wish(ANN, "personal"), Value::Null), (business, json!(company)), (wish(ANN, "business"), Value::Null)]
    {
        let made = platform.post("", &wish).await;
        assert_eq!((made.status, &made.body["human_name_id"], &made.body["company_id"]), (201, &json!(ANN), &of));
        let id = made.text("account_id");
        assert_eq!((made.header("location"), made.header("etag")), (format!("/api/accounts/{id}").as_str(), "\"1\""));
        let read = platform.get(&format!("/{}", id.to_uppercase())).await;
        assert_eq!((read.status, read.header("etag"), &read.body), (200, "\"1\"", &made.body));
        for (tag, status) in [("\"1\"", 304), ("W/\"1\"", 304), ("*", 304), ("\"2\"", 200)] {
            let again = platform.send("GET", &format!("/{id}"), &[("if-none-match", tag)], None).await;
            assert_eq!((again.status, again.header("etag")), (status, "\"1\""), "{tag}");
        }
        let roles = platform.get(&format!("/{id}/roles")).await;
        assert_eq!(roles.body["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            (&roles.body["items"][0]["human_name_id"], &roles.body["items"][0]["role"]),
            (&json!(ANN), &json!("owner"))
        );
    }
    assert_eq!((platform.rows("accounts").await, platform.rows("account_roles").await), (3, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_answered_is_a_problem_and_writes_nothing() {
    let platform = Platform::start().await;
    let with = |mut wish: Value, field: &str, value: Value| {
        wish[field] = value;
        wish
    };
    for (body, kind, pointer) in [
        (wish(NOBODY, "personal"), catalogue::INVALID_VALUE, "/human_name_id"),
        (wish("1", "personal"), catalogue::INVALID_VALUE, "/human_name_id"),
        (wish(&ANN.replace('-', ""), "personal"), catalogue::INVALID_VALUE, "/human_name_id"),
        (wish(ANN, "family"), catalogue::INVALID_VALUE, "/kind"),
        (with(wish(ANN, "business"), "company_id", json!(NOBODY)), catalogue::INVALID_VALUE, "/company_id"),
        (with(wish(ANN, "personal"), "company_id", json!(NOBODY)), catalogue::INVALID_VALUE, "/company_id"),
        (with(wish(ANN, "personal"), "plan_id", json!(NOBODY)), catalogue::INVALID_BODY, ""),
        (json!({ "kind": "personal" }), catalogue::INVALID_BODY, ""),
        (json!([]), catalogue::INVALID_BODY, ""),
    ] {
        for key in [None, Some("one-key")] {
            let headers: Vec<_> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
            let answer = platform.send("POST", "", &headers, Some(&body)).await;
            assert!(answer.is(kind), "{body}: {}", answer.body);
            assert_eq!(answer.pointer(), pointer, "{body}: {}", answer.body);
        }
    }
    for (path, kind) in [
        (format!("/{NOBODY}"), catalogue::NOT_FOUND),
        ("/1".to_owned(), catalogue::NOT_FOUND),
        (format!("/{}", NOBODY.replace('-', "")), catalogue::NOT_FOUND),
        (format!("/{NOBODY}/permissions"), catalogue::NO_SUCH_ROUTE),
    ] {
        let answer = platform.get(&path).await;
        assert!(answer.is(kind), "{path}: {}", answer.body);
    }
    for table in ["accounts", "account_roles", "idempotency_keys"] {
        assert_eq!(platform.rows(table).await, 0, "{table}");
    }
    // The key of a refused request is still good for the corrected one.
    assert_eq!(platform.post_as("one-key", "", &wish(ANN, "personal")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_one_account_of_its_own_however_many_ask() {
    let platform = Arc::new(Platform::start().await);
    let racing: Vec<_> = (0..32)
        .map(|n| {
            let platform = Arc::clone(&platform);
            tokio::spawn(async move {
                if n % 2 == 0 {
                    platform.post("", &wish(ANN, "personal")).await
                } else {
                    platform.post_as(&format!("racer-{n}"), "", &wish(ANN, "personal")).await
                }
            })
        })
        .collect();
    let mut made = 0;
    for racer in racing {
        let answer = racer.await.unwrap();
        made += u32::from(answer.status == 201);
        assert!(answer.status == 201 || answer.is(catalogue::ALREADY_EXISTS), "{}", answer.body);
        assert!(answer.status == 201 || answer.pointer() == "/human_name_id");
    }
    assert_eq!((made, platform.rows("accounts").await, platform.rows("account_roles").await), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_means_one_account_and_one_answer() {
    let platform = Arc::new(Platform::start().await);
    // A UUID as key becomes the identifier; this one begins as another route does.
    let key = "c0f7a1b2-3f0c-4000-8000-000000000001";
    let first = platform.post_as(key, "", &wish(ANN, "business")).await;
    assert_eq!((first.status, first.text("account_id").as_str(), first.replayed()), (201, key, false));
    let again = platform.post_as(key, "", &wish(&ANN.to_uppercase(), "business")).await;
    assert_eq!((again.status, again.replayed(), &again.body), (201, true, &first.body));
    assert_eq!(platform.get(&format!("/{key}")).await.body, first.body);
    let reused = platform.post_as(key, "", &wish(BOB, "business")).await;
    assert!(reused.is(catalogue::KEY_REUSED), "{}", reused.body);
    assert!(platform.post_as("a b", "", &wish(ANN, "business")).await.is(catalogue::MALFORMED_HEADER));
    platform.account.execute("DELETE FROM svc.idempotency_keys").await;
    let taken = platform.post_as(key, "", &wish(ANN, "business")).await;
    assert!(taken.is(catalogue::ID_TAKEN), "{}", taken.body);

    let racing: Vec<_> = (0..16)
        .map(|_| {
            let platform = Arc::clone(&platform);
            tokio::spawn(async move { platform.post_as("twins", "", &wish(BOB, "business")).await })
        })
        .collect();
    let mut ids = HashSet::new();
    for twin in racing {
        let answer = twin.await.unwrap();
        if answer.status == 201 {
            ids.insert(answer.text("account_id"));
        } else {
            assert!(answer.is(catalogue::IN_PROGRESS), "{}", answer.body);
        }
    }
    assert_eq!((ids.len(), platform.rows("accounts").await, platform.rows("account_roles").await), (1, 2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_identity_nothing_is_written_and_known_people_go_on() {
    let mut platform = Platform::start().await;
    let account = platform.open(BOB, "personal").await;
    let (granted, before) = (platform.rows("account_roles").await, platform.rows("accounts").await);
    platform.identity_stop.cancel();
    until("identity is away", async || {
        platform.post("", &wish(NOBODY, "business")).await.is(catalogue::DEPENDENCY_UNAVAILABLE)
    })
    .await;
    let refused = platform.post_as("later", "", &wish(CAT, "business")).await;
    assert!(refused.is(catalogue::DEPENDENCY_UNAVAILABLE), "{}", refused.body);
    assert_eq!(refused.header("retry-after"), "1");
    let role = platform.post(&format!("/{account}/roles"), &json!({ "human_name_id": CAT, "role": "admin" })).await;
    assert!(role.is(catalogue::DEPENDENCY_UNAVAILABLE), "{}", role.body);
    assert_eq!((platform.rows("account_roles").await, platform.rows("accounts").await), (granted, before));
    assert_eq!(platform.rows("idempotency_keys").await, 0);

    // Who was seen lately is known; whether verified is never remembered.
    assert_eq!(platform.post("", &wish(BOB, "business")).await.status, 201);
    let decided = platform.get(&format!("/{account}/permissions/{BOB}")).await;
    assert_eq!((&by(&decided.body, "role.manage")["allowed"], decided.status), (&json!(true), 200));
    let money = by(&decided.body, "billing.manage");
    assert_eq!((&money["allowed"], &money["reason"]), (&json!(false), &json!("verification_unknown")));

    // One that takes connections and never answers is told as what it is, before the request's own time is over.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    platform.at = platform.beside(silent.local_addr().unwrap()).await;
    let refused = platform.post("", &wish(CAT, "business")).await;
    assert!(refused.is(catalogue::DEPENDENCY_UNAVAILABLE), "{}", refused.body);
    assert_eq!(refused.header("retry-after"), "1");
}

fn by<'a>(body: &'a Value, action: &str) -> &'a Value {
    body["permissions"].as_array().unwrap().iter().find(|one| one["action"] == action).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_come_with_reasons_over_both_ways() {
    let platform = Platform::start().await;
    let account = platform.open(BOB, "business").await;
    for (person, role) in [(ANN, "member"), (ANN, "viewer"), (CAT, "admin")] {
        let given =
            platform.post(&format!("/{account}/roles"), &json!({ "human_name_id": person, "role": role })).await;
        assert_eq!(given.status, 201, "{}", given.body);
    }
    let metrics = Metrics::new().unwrap();
    let grpc = client("account", platform.at, &metrics);
    for (person, action, allowed, reason, granted_by) in [
        (BOB, "billing.manage", true, "role", json!("owner")),
        (BOB, "owner.manage", true, "role", json!("owner")),
        (CAT, "owner.manage", false, "role_too_low", Value::Null),
        (CAT, "role.manage", true, "role", json!("admin")),
        (ANN, "test.take", false, "not_verified", json!("member")),
        (ANN, "account.view", true, "role", json!("member")),
        (NOBODY, "account.view", false, "no_role", Value::Null),
    ] {
        let answer = platform.get(&format!("/{account}/permissions/{person}")).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.body);
        let one = by(&answer.body, action);
        assert_eq!(
            (&one["allowed"], &one["reason"], &one["granted_by"]),
            (&json!(allowed), &json!(reason), &granted_by),
            "{one}"
        );
        let message = CheckPermissionsRequest { account_id: account.clone(), human_name_id: person.to_owned() };
        let ask = |line, request| async move { PermissionServiceClient::new(line).check_permissions(request).await };
        let said = grpc.call(message, Repeat::Idempotent, ask).await.unwrap().permissions;
        let said = said.into_iter().find(|one| one.action == action).unwrap();
        assert_eq!((said.allowed, said.reason.as_str()), (allowed, reason));
        assert_eq!(
            (json!(said.detail), said.granted_by),
            (one["detail"].clone(), granted_by.as_str().unwrap_or_default().to_owned())
        );
    }
    // What Identity says counts at once.
    platform
        .identity
        .define(&format!("UPDATE verification_tracking SET phone_verified = true WHERE human_name_id = '{ANN}'"))
        .await;
    let answer = platform.get(&format!("/{account}/permissions/{ANN}")).await;
    assert_eq!(by(&answer.body, "test.take")["allowed"], json!(true));
    for path in
        [format!("/{NOBODY}/permissions/{BOB}"), format!("/{account}/permissions/1"), format!("/1/permissions/{BOB}")]
    {
        assert!(platform.get(&path).await.is(catalogue::NOT_FOUND), "{path}");
    }
    for (account_id, kind) in [(NOBODY, catalogue::NOT_FOUND), ("1", catalogue::INVALID_VALUE)] {
        let message = CheckPermissionsRequest { account_id: account_id.to_owned(), human_name_id: BOB.to_owned() };
        let ask = |line, request| async move { PermissionServiceClient::new(line).check_permissions(request).await };
        let refused = grpc.call(message, Repeat::Idempotent, ask).await.unwrap_err();
        assert!(refused.refusal().is_some_and(|problem| problem.is(kind)), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_says_who_exists_and_what_is_proved_and_nothing_else() {
    let platform = Platform::start().await;
    let identity = client("identity", platform.identity_at, &Metrics::new().unwrap());
    let check = async |id: &str| {
        let message = CheckPersonRequest { human_name_id: id.to_owned() };
        let ask = |line, request| async move { PersonServiceClient::new(line).check_person(request).await };
        identity.call(message, Repeat::Idempotent, ask).await
    };
    for (id, email, phone, both) in [(ANN, true, false, false), (BOB, true, true, true), (CAT, false, false, false)] {
        let answer = check(id).await.unwrap();
        let proved = answer.verification.unwrap();
        assert!(answer.known);
        assert_eq!((proved.email_verified, proved.phone_verified, proved.both_verified), (email, phone, both), "{id}");
    }
    let nobody = check(NOBODY).await.unwrap();
    assert!(!nobody.known && nobody.verification.is_none());
    let refused = check("1").await.unwrap_err();
    let problem = refused.refusal().unwrap();
    assert!(problem.is(catalogue::INVALID_VALUE) && problem.errors[0].pointer == "/human_name_id");
}
