//! The view of the platform as pages of the portal's own meet it, with an apiserver that is played over HTTP.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]

#[path = "../../kit/tests/support/issuer.rs"]
#[allow(dead_code, reason = "shared with the tests of the gateway")]
mod issuer;
#[path = "cluster/place.rs"]
mod place;

use axum::http::header;
use issuer::claims;
use kube::Resource as _;
use place::{ANN, MIGRATIONS, Place, ask, portal, problem, read};
use rerp_crds::{DatabaseSplitMigration, RerpService, ServiceDatabase};
use serde_json::{Value, json};
use uuid::Uuid;

const ROLLBACK: &str = "/cluster/migrations/identity/rollback";

fn seen(epoch: i64, generation: i64) -> Value {
    json!({ "epoch": epoch, "generation": generation })
}

#[tokio::test]
async fn the_kinds_are_those_of_the_operator() {
    let place = Place::open().await;
    let token = place.token("viewer");
    let kinds = [
        ("services", RerpService::url_path(&(), Some("rerp"))),
        ("databases", ServiceDatabase::url_path(&(), Some("rerp"))),
        ("migrations", DatabaseSplitMigration::url_path(&(), Some("rerp"))),
    ];
    for (name, path) in kinds {
        let answer = place.ask("GET", &format!("/cluster/{name}"), &token, Value::Null).await;
        assert_eq!((answer.status().as_u16(), &answer.headers()["cache-control"]), (200, &"no-store".parse().unwrap()));
        let told = read(answer).await;
        assert_eq!((&told["more"], &told["items"][0]["status"]["epoch"]), (&json!(false), &json!(1)), "{told}");
        assert!(told["items"][0]["metadata"].get("managedFields").is_none(), "{told}");
        assert_eq!(place.api.heard().last().unwrap().uri.path(), path);
    }
}

#[tokio::test]
async fn nothing_is_ever_asked_but_for_a_person() {
    let place = Place::open().await;
    for (role, group) in [("viewer", "rerp:role:viewer"), ("owner", "rerp:role:owner")] {
        let token = place.token(role);
        let before = place.api.heard().len();
        for path in ["services", "databases", "migrations", "rights"] {
            place.ask("GET", &format!("/cluster/{path}"), &token, Value::Null).await;
        }
        place.ask("POST", ROLLBACK, &token, seen(1, 3)).await;
        let heard = place.api.heard().split_off(before);
        assert_eq!(heard.len(), 3 + 4 + 2);
        for one in heard {
            let about: Vec<_> =
                one.headers.iter().filter(|(name, _)| name.as_str().starts_with("impersonate-")).collect();
            assert_eq!(about.len(), 3, "{one:?}");
            assert_eq!(one.headers["impersonate-user"], "rerp:staff");
            assert_eq!(one.headers["impersonate-group"], group);
            assert_eq!(one.headers["impersonate-extra-person"], ANN.to_string().as_str());
            assert_eq!(one.headers[header::AUTHORIZATION], "Bearer the-pods-own", "the person's token stays here");
        }
    }
}

#[tokio::test]
async fn what_a_browser_says_of_itself_goes_no_further() {
    let place = Place::open().await;
    let token = format!("Bearer {}", place.token("viewer"));
    let headers = [
        ("sec-fetch-site", "same-origin"),
        ("authorization", token.as_str()),
        ("impersonate-user", "admin"),
        ("impersonate-group", "system:masters"),
        ("impersonate-extra-scopes", "all"),
    ];
    let answer = place.ask_as("GET", "/cluster/services?fieldSelector=x", &headers, "").await;
    assert_eq!(answer.status().as_u16(), 200);
    let heard = place.api.heard().pop().unwrap();
    assert_eq!(heard.headers.get_all("impersonate-group").iter().collect::<Vec<_>>(), ["rerp:role:viewer"]);
    assert_eq!(
        (&heard.headers["impersonate-user"], heard.uri.query()),
        (&"rerp:staff".parse().unwrap(), Some("limit=200"))
    );
    assert!(!heard.headers.contains_key("impersonate-extra-scopes"));
}

#[tokio::test]
async fn rights_are_those_of_the_role() {
    let place = Place::open().await;
    for (role, patch) in [("owner", true), ("admin", false)] {
        let told = read(place.ask("GET", "/cluster/rights", &place.token(role), Value::Null).await).await;
        let list = json!({ "list": true });
        let migrations = json!({ "list": true, "patch": patch });
        assert_eq!(told, json!({ "role": role, "services": list, "databases": list, "migrations": migrations }));
    }
    let review = place.api.heard().into_iter().find(|one| one.body.to_string().contains("patch")).unwrap();
    let about =
        json!({ "namespace": "rerp", "group": "rerp.dev", "resource": "databasesplitmigrations", "verb": "patch" });
    assert_eq!(review.body["spec"], json!({ "resourceAttributes": about }), "of whoever asks, and of nobody else");
}

#[tokio::test]
async fn a_turn_is_for_what_was_seen_and_once() {
    let place = Place::open().await;
    let token = place.token("owner");
    for (way, epoch, version, generation) in [("rollback", 1, "10", 3), ("forward", 2, "11", 4)] {
        place.api.migration.lock().unwrap()["status"]["epoch"] = json!(epoch);
        let path = format!("/cluster/migrations/identity/{way}");
        let answer = place.ask("POST", &path, &token, seen(epoch, generation)).await;
        assert_eq!(answer.status().as_u16(), 200);
        let told = read(answer).await;
        assert_eq!(
            (&told["spec"][way], &told["metadata"]["resourceVersion"]),
            (&json!({ "epoch": epoch }), &json!("11"))
        );
        let patch = place.api.heard().pop().unwrap();
        assert_eq!((patch.method.as_str(), patch.uri.to_string()), ("PATCH", format!("{MIGRATIONS}/identity")));
        assert_eq!(patch.headers[header::CONTENT_TYPE], "application/merge-patch+json");
        assert_eq!(
            patch.body,
            json!({ "metadata": { "resourceVersion": version }, "spec": { way: { "epoch": epoch } } })
        );
        let before = place.api.heard().len();
        let again = place.ask("POST", &path, &token, seen(epoch, generation)).await;
        assert_eq!((again.status().as_u16(), place.api.heard().len()), (200, before + 1), "it only looks");
    }
}

#[tokio::test]
async fn what_has_changed_is_a_conflict() {
    let place = Place::open().await;
    let token = place.token("owner");
    let conflict = (409, "sequence-gap".to_owned());
    assert_eq!(problem(place.ask("POST", ROLLBACK, &token, seen(1, 2)).await).await, conflict, "another spec");
    assert_eq!(problem(place.ask("POST", ROLLBACK, &token, seen(2, 3)).await).await, conflict, "another epoch");
    assert_eq!(place.api.heard().last().unwrap().method.as_str(), "GET", "then nothing is changed");
    assert_eq!(place.api.migration.lock().unwrap()["spec"].get("rollback"), None);
}

#[tokio::test]
async fn a_status_that_is_written_all_the_time_stands_in_nobodys_way() {
    let place = Place::open().await;
    let token = place.token("owner");
    *place.api.restless.lock().unwrap() = 2;
    let answer = place.ask("POST", ROLLBACK, &token, seen(1, 3)).await;
    assert_eq!((answer.status().as_u16(), place.api.heard().len()), (200, 6), "three looks and three tries");
    let place = Place::open().await;
    *place.api.restless.lock().unwrap() = 100;
    let answer = place.ask("POST", ROLLBACK, &place.token("owner"), seen(1, 3)).await;
    assert_eq!(problem(answer).await, (409, "sequence-gap".to_owned()));
    assert_eq!(place.api.heard().len(), 10, "and there is an end to it");
}

#[tokio::test]
async fn what_can_not_be_is_refused_before_anybody_is_asked() {
    let place = Place::open().await;
    let token = place.token("owner");
    for (path, body, status) in [
        (ROLLBACK, seen(0, 3), 422),
        (ROLLBACK, seen(1, 0), 422),
        (ROLLBACK, json!({ "epoch": 1 }), 422),
        (ROLLBACK, json!({ "epoch": 1, "generation": 3, "force": true }), 422),
        ("/cluster/migrations/Identity/rollback", seen(1, 3), 404),
        ("/cluster/migrations/..%2F..%2Fsecrets/rollback", seen(1, 3), 404),
    ] {
        assert_eq!(place.ask("POST", path, &token, body.clone()).await.status().as_u16(), status, "{path} {body}");
    }
    assert!(place.api.heard().is_empty());
    let gone = place.ask("POST", "/cluster/migrations/marketing/forward", &token, seen(1, 3)).await;
    assert_eq!(problem(gone).await, (404, "not-found".to_owned()));
}

#[tokio::test]
async fn what_the_apiserver_says_no_with_is_told_for_what_it_is() {
    let place = Place::open().await;
    let refused = place.ask("POST", ROLLBACK, &place.token("viewer"), seen(1, 3)).await;
    assert_eq!(refused.status().as_u16(), 403);
    let told = read(refused).await;
    assert!(told["detail"].as_str().unwrap().contains("role viewer"), "{told}");
    let own = r#"groups "rerp:role:owner" is forbidden: User "system:serviceaccount:rerp:platform" cannot impersonate resource"#;
    for (status, message, problem_is) in [
        (403, own, (503, "dependency-unavailable")),
        (401, "Unauthorized", (503, "dependency-unavailable")),
        (422, "the migration is over", (422, "invalid-value")),
        (429, "", (503, "dependency-unavailable")),
        (500, "", (503, "dependency-unavailable")),
    ] {
        *place.api.instead.lock().unwrap() = Some((status, message));
        let answer = place.ask("GET", "/cluster/services", &place.token("owner"), Value::Null).await;
        assert_eq!(answer.headers().contains_key(header::RETRY_AFTER), problem_is.0 == 503, "{status}");
        assert_eq!(problem(answer).await, (problem_is.0, problem_is.1.to_owned()), "{status}");
    }
}

#[tokio::test]
async fn an_apiserver_that_is_away_is_no_fault_of_anybody() {
    let place = Place::without_apiserver().await;
    for (method, path) in [("GET", "/cluster/migrations"), ("GET", "/cluster/rights"), ("POST", ROLLBACK)] {
        let answer = place.ask(method, path, &place.token("owner"), seen(1, 3)).await;
        assert!(answer.headers().contains_key(header::RETRY_AFTER), "{path}");
        assert_eq!(problem(answer).await, (503, "dependency-unavailable".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn only_staff_are_let_in_and_only_pages_of_ours_ask() {
    let place = Place::open().await;
    let with = |change: Value| {
        let mut said = claims("staff", ANN);
        said["rerp_role"] = json!("owner");
        said.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        said
    };
    let issuer = &place.issuer;
    for (token, expected, what) in [
        (issuer.person(Uuid::from_u128(8)), (403, "not-permitted"), "a customer's"),
        (issuer.sign(&with(json!({ "aud": "people" }))), (403, "not-permitted"), "a customer's that names a role"),
        (issuer.sign(&with(json!({ "aal": "aal1" }))), (403, "not-permitted"), "with one factor"),
        (issuer.sign(&with(json!({ "rerp_role": "root" }))), (403, "not-permitted"), "of no role that there is"),
        (issuer.staff(), (403, "not-permitted"), "of nobody with a role"),
        (issuer.sign(&with(json!({ "exp": 1 }))), (401, "not-signed-in"), "that has ended"),
        (issuer.sign(&with(json!({ "iss": "else" }))), (401, "not-signed-in"), "of another issuer"),
        (issuer.forge(&with(json!({}))), (401, "not-signed-in"), "signed with a foreign key"),
        ("nonsense".to_owned(), (401, "not-signed-in"), "that is none"),
    ] {
        let answer = place.ask("GET", "/cluster/services", &token, Value::Null).await;
        assert_eq!(problem(answer).await, (expected.0, expected.1.to_owned()), "{what}");
    }
    let bearer = format!("Bearer {}", place.token("owner"));
    for (site, headers, expected) in [
        ("same-origin", vec![], 401),
        ("same-site", vec![("authorization", bearer.as_str())], 403),
        ("cross-site", vec![("authorization", bearer.as_str())], 403),
    ] {
        let headers = [vec![("sec-fetch-site", site)], headers].concat();
        assert_eq!(place.ask_as("GET", "/cluster/services", &headers, "").await.status().as_u16(), expected, "{site}");
    }
    assert!(place.api.heard().is_empty(), "the apiserver hears of none of them");
    let none = portal(None);
    let answer = ask(&none, "GET", "/cluster/services", &[("sec-fetch-site", "same-origin")], "").await;
    assert_eq!(answer.status().as_u16(), 404, "a portal without the view has no such address");
}
