//! Who may call what: every row of the table as every kind of caller, over mutual TLS, and what roles give in an account.

use rerp_account::access::RULES;
use rerp_kit::access::Verb::{self, Delete, Get, Post, Put};
use rerp_proto::account::v1::{company_service_server, permission_service_server};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::doors::{Answer, DEAD_LETTER, Doors, Who, calls, case, dead_letters, everybody, same_routes};
use crate::platform::{ANN, BOB, CAT, NOBODY, Platform};

#[test]
fn every_route_has_a_row() {
    same_routes(include_str!("../../src/router.rs"), RULES);
}

fn id(text: &str) -> Uuid {
    text.parse().unwrap()
}

fn place(street: &str) -> Value {
    json!({ "type": "billing", "street_address": street, "city": "Köln", "postal_code": "50667", "country": "DE" })
}

fn address_of(person: &str) -> Value {
    let mut body = place("A 1");
    body["person_id"] = json!(person);
    body
}

fn role(person: &str, role: &str) -> Value {
    json!({ "human_name_id": person, "role": role })
}

async fn ask(doors: &Doors, who: &str, verb: Verb, path: &str, body: Option<&Value>) -> Answer {
    doors.ask(Who::Person(id(who)), verb, &format!("/api/accounts{path}"), body).await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_what_is_theirs() {
    let platform = Platform::start().await;
    let (company, other) = (platform.company("Acme").await, platform.company("Other").await);
    let account = platform.open(ANN, "business").await;
    let owner =
        platform.get(&format!("/{account}/roles")).await.body["items"][0]["role_id"].as_str().unwrap().to_owned();
    let address = platform.post(&format!("/{account}/addresses"), &address_of(ANN)).await.text("address_id");
    let at = |rest: &str| format!("/api/accounts/{account}{rest}");
    let (theirs, anybody) = ([401, 200, 404, 403, 200, 403], [401, 200, 200, 403, 200, 403]);
    let (roles, addresses) = ("/api/accounts/{account_id}/roles", "/api/accounts/{account_id}/addresses");
    let (given, one) =
        ("/api/accounts/{account_id}/roles/{role_id}", "/api/accounts/{account_id}/addresses/{address_id}");
    let history = "/api/accounts/{account_id}/addresses/history";
    let permissions = "/api/accounts/{account_id}/permissions/{human_name_id}";
    let (invites, accept) = ("/api/accounts/{account_id}/invites", "/api/accounts/invites/accept");
    let (merge, staff) = ("/api/accounts/companies/{id_or_name}/merge", [401, 403, 403, 403, 200, 403]);
    let none = [401, 404, 404, 403, 404, 403];
    let export = "/api/accounts/people/{human_name_id}/export";
    let cases = [
        case(Get, "/api/accounts", "/api/accounts", anybody),
        case(Get, "/api/accounts", &format!("/api/accounts?human_name_id={ANN}"), [401, 200, 403, 403, 200, 403]),
        case(Post, "/api/accounts", "/api/accounts", [401, 201, 403, 403, 201, 403])
            .body(json!({ "human_name_id": ANN, "kind": "business" })),
        case(Get, "/api/accounts/{account_id}", &at(""), theirs),
        case(Get, "/api/accounts/{account_id}", &format!("/api/accounts/{NOBODY}"), [401, 404, 404, 403, 404, 403]),
        case(Get, roles, &at("/roles"), theirs),
        case(Post, roles, &at("/roles"), [401, 201, 404, 403, 200, 403]).body(role(CAT, "viewer")),
        // Whom Identity knows nobody learns who may give no role here.
        case(Post, roles, &at("/roles"), [401, 422, 404, 403, 422, 403]).body(role(NOBODY, "viewer")),
        // The last owner stays; who may not ask isn't told that either.
        case(Delete, given, &at(&format!("/roles/{owner}")), [401, 409, 404, 403, 409, 403]),
        case(Get, addresses, &at("/addresses"), theirs),
        case(Get, history, &at("/addresses/history"), theirs),
        case(Post, addresses, &at("/addresses"), [401, 201, 404, 403, 201, 403]).body(address_of(ANN)),
        // None of this identifier, which is told to whoever may take one away.
        case(Delete, one, &at(&format!("/addresses/{CAT}")), none),
        case(Put, one, &at(&format!("/addresses/{address}")), theirs).header("if-match", "*").body(place("B 2")),
        case(Get, permissions, &at(&format!("/permissions/{ANN}")), theirs),
        case(Get, invites, &at("/invites"), theirs),
        case(Post, invites, &at("/invites"), [401, 201, 404, 403, 409, 403])
            .body(json!({ "email": "new@example.com", "role": "viewer" })),
        case(Delete, "/api/accounts/{account_id}/invites/{invite_id}", &at(&format!("/invites/{NOBODY}")), none),
        case(
            Post,
            "/api/accounts/{account_id}/invites/{invite_id}/resend",
            &at(&format!("/invites/{NOBODY}/resend")),
            none,
        ),
        // For oneself alone.
        case(Post, accept, accept, [401, 404, 403, 403, 404, 403])
            .body(json!({ "token": "0".repeat(64), "human_name_id": ANN })),
        // One's own permissions where one has no role: there is no such account. Staff are told that there is nothing.
        case(Get, permissions, &at(&format!("/permissions/{BOB}")), [401, 404, 404, 403, 200, 403]),
        case(Get, "/api/accounts/companies", "/api/accounts/companies?name=acme", anybody),
        case(Post, "/api/accounts/companies/upsert", "/api/accounts/companies/upsert", anybody)
            .body(json!({ "name": "ACME" })),
        case(Get, "/api/accounts/companies/{id_or_name}", &format!("/api/accounts/companies/{company}"), anybody),
        case(Post, merge, &merge.replace("{id_or_name}", &company), staff).body(json!({ "into": other })),
        case(Delete, merge, &merge.replace("{id_or_name}", &company), [401, 403, 403, 403, 204, 403]),
        case(Get, export, &export.replace("{human_name_id}", ANN), theirs),
        calls(company_service_server::SERVICE_NAME),
        calls(permission_service_server::SERVICE_NAME),
    ];
    platform.account.define(DEAD_LETTER).await;
    let letters = dead_letters("/api/accounts/dead-letters", "/api/accounts/dead-letters/{id}/replay");
    everybody(&platform.doors().await, RULES, id(ANN), id(BOB), &[&cases[..], &letters].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_give_what_they_say_and_from_one_moment_to_the_next() {
    let platform = Platform::start().await;
    let doors = platform.doors().await;
    let account = platform.open(ANN, "business").await;
    let roles = format!("/{account}/roles");
    let admin = platform.post(&roles, &role(BOB, "admin")).await.text("role_id");
    assert_eq!(platform.post(&roles, &role(CAT, "viewer")).await.status, 201);
    let owner =
        platform.get(&roles).await.body["items"].as_array().unwrap().iter().find(|one| one["role"] == "owner").unwrap()
            ["role_id"]
            .clone();
    let owner = format!("{roles}/{}", owner.as_str().unwrap());
    let address = platform.post(&format!("/{account}/addresses"), &address_of(ANN)).await.text("address_id");
    let (addresses, one) = (format!("/{account}/addresses"), format!("/{account}/addresses/{address}"));

    // A viewer looks, and is told what it would take.
    for path in [format!("/{account}"), roles.clone(), addresses.clone(), format!("/{account}/permissions/{CAT}")] {
        assert_eq!(ask(&doors, CAT, Get, &path, None).await.status, 200, "{path}");
    }
    for (verb, path, body, why) in [
        (Post, &roles, Some(role(CAT, "owner")), "owner.manage: it takes one of the roles: owner"),
        (Post, &roles, Some(role(CAT, "admin")), "role.manage: it takes one of the roles: owner, admin"),
        (Delete, &owner, None, "role.manage: it takes one of the roles: owner, admin"),
        (Post, &addresses, Some(address_of(CAT)), "address.manage: it takes one of the roles: owner, admin"),
    ] {
        let refused = ask(&doors, CAT, verb, path, body.as_ref()).await;
        assert_eq!((refused.status, &refused.body["detail"]), (403, &json!(why)), "{path}");
    }
    let change = doors.request(Who::Person(id(CAT)), Put, &format!("/api/accounts{one}")).header("if-match", "*");
    let change = change.header("content-type", "application/json").body(place("C 3").to_string());
    assert_eq!(doors.answer(change).await.unwrap().status, 403);

    // An admin runs the account, and can't become its owner.
    assert_eq!(ask(&doors, BOB, Post, &roles, Some(&role(CAT, "member"))).await.status, 201);
    for (verb, path, body) in [(Post, &roles, Some(role(BOB, "owner"))), (Delete, &owner, None)] {
        let refused = ask(&doors, BOB, verb, path, body.as_ref()).await;
        assert_eq!(
            (refused.status, &refused.body["detail"]),
            (403, &json!("owner.manage: it takes one of the roles: owner"))
        );
    }
    assert_eq!(ask(&doors, BOB, Post, &addresses, Some(&address_of(BOB))).await.status, 201);

    // Without the role there is no account any more.
    assert_eq!(platform.delete(&format!("{roles}/{admin}")).await.status, 204);
    assert_eq!(ask(&doors, BOB, Get, &format!("/{account}"), None).await.status, 404);
    assert_eq!(ask(&doors, BOB, Post, &addresses, Some(&address_of(BOB))).await.status, 404);
}

/// Not a word differs, but for the request's own identifier.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_s_account_answers_exactly_like_an_absent_one() {
    let platform = Platform::start().await;
    let doors = platform.doors().await;
    let account = platform.open(ANN, "business").await;
    let address = platform.post(&format!("/{account}/addresses"), &address_of(ANN)).await.text("address_id");
    for (verb, rest, body) in [
        (Get, String::new(), None),
        (Get, "/roles".to_owned(), None),
        (Get, "/addresses".to_owned(), None),
        (Get, "/addresses/history".to_owned(), None),
        (Get, format!("/addresses/history?address_id={address}"), None),
        (Get, "/invites".to_owned(), None),
        (Delete, format!("/invites/{NOBODY}"), None),
        (Get, format!("/permissions/{BOB}"), None),
        (Post, "/roles".to_owned(), Some(role(CAT, "viewer"))),
        (Post, "/addresses".to_owned(), Some(address_of(BOB))),
        (Put, format!("/addresses/{address}"), Some(place("B 2"))),
        (Delete, format!("/roles/{NOBODY}"), None),
    ] {
        let send = async |account: &str| {
            let request = doors.request(Who::Person(id(BOB)), verb, &format!("/api/accounts/{account}{rest}"));
            let request = request.header("if-match", "*").header("content-type", "application/json");
            let request = if let Some(body) = &body { request.body(body.to_string()) } else { request };
            let mut answer = doors.answer(request).await.unwrap();
            answer.body.as_object_mut().unwrap().remove("request_id");
            (answer.status, answer.body)
        };
        let (theirs, nobodys) = (send(&account).await, send(NOBODY).await);
        assert_eq!(theirs.0, 404, "{verb:?} {rest}: {}", theirs.1);
        assert_eq!(theirs, nobodys, "{verb:?} {rest}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_under_a_key_is_told_to_nobody_else() {
    let platform = Platform::start().await;
    let doors = platform.doors().await;
    let account = platform.open(ANN, "personal").await;
    for (path, body) in [
        (format!("/api/accounts/{account}/addresses"), address_of(ANN)),
        (format!("/api/accounts/{account}/roles"), role(CAT, "viewer")),
    ] {
        let send = async |who: &str| {
            let request = doors.request(Who::Person(id(who)), Post, &path).header("idempotency-key", "the-same");
            doors.answer(request.header("content-type", "application/json").body(body.to_string())).await.unwrap()
        };
        let first = send(ANN).await;
        assert_eq!((first.status, send(ANN).await.body), (201, first.body.clone()), "the positive control");
        let copied = send(BOB).await;
        assert_eq!(
            (copied.status, copied.body["type"].as_str().is_some_and(|kind| kind.ends_with("not-found"))),
            (404, true)
        );
    }
}
