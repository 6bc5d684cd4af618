//! Who may call what: every row of the table as every kind of caller, over mutual TLS, with the real router on a real database.

use rerp_identity::access::RULES;
use rerp_identity::deliver::{Post, Resend, Twilio};
use rerp_identity::domain::otp::OtpKey;
use rerp_identity::verification::Verification;
use rerp_kit::access::Verb::{Delete, Get, Post as Write, Put};
use rerp_proto::identity::v1::{email_service_server, person_service_server, rights_service_server};
use serde_json::json;
use uuid::Uuid;

use crate::doors::{Doors, calls, case, everybody, same_routes};
use crate::support::service::split_of;
use crate::support::{Split, open, visitor};

const ANN: Uuid = Uuid::from_u128(0x0191_f7a1_3f0c_7000_8000_0000_0000_0001);
const BOB: Uuid = Uuid::from_u128(0x0191_f7a1_3f0c_7000_8000_0000_0000_0002);
const PHONE: &str = "+491701234567";

#[test]
fn every_route_has_a_row() {
    same_routes(include_str!("../../src/router.rs"), RULES);
}

/// Vendors that nobody asks: these tests check codes and have none sent.
fn nowhere() -> Post {
    let (http, base) = (visitor(), "http://127.0.0.1:1".parse::<url::Url>().unwrap());
    let mail = Resend { http: http.clone(), base: base.clone(), key: "re_key".into(), from: "a@example.com".into() };
    let account = "AC00000000000000000000000000000001".to_owned();
    Post { mail, text: Twilio { http, base, account, token: "token".into(), from: "+16502530000".into() } }
}

async fn start() -> (Split, Doors) {
    start_with(nowhere()).await
}

/// Ann, who has a telephone, and Bob of the staff; codes go by this post.
pub(crate) async fn start_with(post: Post) -> (Split, Doors) {
    let split = split_of(&["email_addresses"], rerp_identity::migrations).await;
    split
        .source
        .define(&format!(
            "INSERT INTO email_addresses (id, email) VALUES ('{ANN}', 'ann@example.com');
             INSERT INTO human_names (id, email_address_id) VALUES ('{ANN}', '{ANN}');
             INSERT INTO mobile_numbers (id, human_name_id, phone_number) VALUES ('{ANN}', '{ANN}', '{PHONE}');
             INSERT INTO platform_users (id, email, first_name, surname) VALUES ('{BOB}', 'bob@staff.example', 'Bob', 'Staff')"
        ))
        .await;
    let (db, _) = open(split.dir()).await;
    let key = OtpKey::new("0123456789abcdef0123456789abcdef").unwrap();
    let verifying = rerp_identity::verifying(Verification::new(db.clone(), key, post, 100));
    let doors = Doors::open("identity", RULES, rerp_identity::router(db).merge(verifying)).await;
    (split, doors)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_what_is_theirs() {
    let (_split, doors) = start().await;
    let (staff, own) = ([401, 403, 403, 403, 200, 403], [401, 200, 404, 403, 200, 403]);
    let human = "{human_name_id}";
    let at = |pattern: &str, id: Uuid| pattern.replace(human, &id.to_string());
    let (user, status) = ("/api/identity/user/{human_name_id}", "/api/identity/verification-status/{human_name_id}");
    let [email, mobile, export, erasure] = [
        "/api/identity/user/{human_name_id}/email",
        "/api/identity/user/{human_name_id}/mobile",
        "/api/identity/user/{human_name_id}/export",
        "/api/identity/user/{human_name_id}/erasure",
    ];
    let platform = "/api/identity/platform-user/{platform_user_id}";
    let cases = [
        case(Get, "/api/identity/email", "/api/identity/email?email=ann%40example.com", staff),
        case(Get, "/api/identity/email/{id_or_address}", &format!("/api/identity/email/{ANN}"), staff),
        case(Get, "/api/identity/email/{id_or_address}", "/api/identity/email/ann%40example.com", staff),
        case(Write, "/api/identity/email/upsert", "/api/identity/email/upsert", [401, 403, 403, 403, 403, 200])
            .body(json!({ "email": "cat@example.com" })),
        case(Get, user, &at(user, ANN), own),
        // Somebody who doesn't exist: the other person is told the same as of somebody who does.
        case(Get, user, &at(user, Uuid::from_u128(9)), [401, 404, 404, 403, 404, 403]),
        case(Get, status, &at(status, ANN), own),
        case(Get, platform, &format!("/api/identity/platform-user/{BOB}"), staff),
        // A code that was never sent proves nothing, whoever says it.
        case(Write, "/api/identity/verify/email", "/api/identity/verify/email", [422; 6])
            .body(json!({ "email": "ann@example.com", "code": "000000" })),
        case(Write, "/api/identity/verify/phone", "/api/identity/verify/phone", [401, 422, 403, 403, 422, 403])
            .body(json!({ "human_name_id": ANN, "phone_number": PHONE, "code": "000000" })),
        calls(email_service_server::SERVICE_NAME),
        calls(person_service_server::SERVICE_NAME),
        calls(rights_service_server::SERVICE_NAME),
        case(Write, "/api/identity/user", "/api/identity/user", [401, 403, 403, 403, 201, 403])
            .body(json!({ "email": "dan@example.com", "first_name": "Dan" })),
        case(Put, user, &at(user, ANN), own).header("if-match", "*").body(json!({ "first_name": "Ann" })),
        case(Put, email, &at(email, ANN), own).header("if-match", "*").body(json!({ "email": "ann@example.org" })),
        case(Put, mobile, &at(mobile, ANN), own)
            .header("if-match", "*")
            .body(json!({ "phone_number": "+16502530000" })),
        case(Get, export, &at(export, ANN), own),
        case(Get, erasure, &at(erasure, ANN), [401, 404, 404, 403, 404, 403]),
        // Twice has the effect of once; another one's is not there.
        case(Delete, user, &at(user, ANN), [401, 202, 404, 403, 202, 403]),
        case(Get, erasure, &at(erasure, ANN), own),
        case(Get, user, &at(user, ANN), [401, 404, 404, 403, 404, 403]),
    ];
    everybody(&doors, RULES, ANN, BOB, &cases).await;
}
