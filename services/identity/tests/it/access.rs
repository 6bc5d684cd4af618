//! Who may call what: every row of the table as every kind of caller, over mutual TLS, with the real router on a real database.

use rerp_identity::access::RULES;
use rerp_identity::deliver::{Post, Resend, Twilio};
use rerp_identity::domain::otp::OtpKey;
use rerp_identity::domain::webhook::Secret;
use rerp_identity::hooks::{HookSettings, Hooks};
use rerp_identity::verification::Verification;
use rerp_kit::access::Assurance;
use rerp_kit::access::Verb::{Delete, Get, Post as Write, Put};
use rerp_proto::identity::v1::{
    confirmation_service_server, email_service_server, invitation_service_server, person_service_server,
    rights_service_server,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::doors::{Case, DEAD_LETTER, Doors, Who, calls, case, dead_letters, everybody, same_routes};
use crate::support::service::split_of;
use crate::support::{Split, open, visitor};

pub(crate) const ANN: Uuid = Uuid::from_u128(0x0191_f7a1_3f0c_7000_8000_0000_0000_0001);
const BOB: Uuid = Uuid::from_u128(0x0191_f7a1_3f0c_7000_8000_0000_0000_0002);
const AUDIT: &str = "/api/identity/audit";
const PEOPLE: &str = "/api/identity/people";
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
    let verification = Verification::new(db.clone(), key, post, 100);
    let secrets = vec![Secret::parse("v1,whsec_c2VjcmV0").unwrap()];
    let hooks = Hooks::new(verification.clone(), HookSettings { secrets, staff_audience: None });
    let router = rerp_identity::router(db).merge(rerp_identity::verifying(verification));
    let doors = Doors::open("identity", RULES, router.merge(rerp_identity::hooked(hooks))).await;
    (split, doors)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_what_is_theirs() {
    let (split, doors) = start().await;
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
    let contacts = "/api/identity/user/{human_name_id}/contacts";
    let platform = "/api/identity/platform-user/{platform_user_id}";
    let sessions = "/api/identity/sessions/{human_name_id}";
    let one = "/api/identity/sessions/{human_name_id}/{session_id}";
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
        case(Get, contacts, &at(contacts, ANN), own),
        case(Get, contacts, &at(contacts, Uuid::from_u128(9)), [401, 404, 404, 403, 404, 403]),
        case(Get, platform, &format!("/api/identity/platform-user/{BOB}"), staff),
        case(Get, sessions, &at(sessions, ANN), own),
        case(Delete, sessions, &at(sessions, ANN), [401, 204, 404, 403, 204, 403]),
        case(Delete, one, &format!("{}/{BOB}", at(sessions, ANN)), [401, 204, 404, 403, 204, 403]),
        // A code that was never sent proves nothing, whoever says it.
        case(Write, "/api/identity/verify/email", "/api/identity/verify/email", [422; 6])
            .body(json!({ "email": "ann@example.com", "code": "000000" })),
        case(Write, "/api/identity/verify/phone", "/api/identity/verify/phone", [401, 422, 403, 403, 422, 403])
            .body(json!({ "human_name_id": ANN, "phone_number": PHONE, "code": "000000" })),
        unsigned("/api/identity/hooks/send-email"),
        unsigned("/api/identity/hooks/send-sms"),
        unsigned("/api/identity/hooks/customize-access-token"),
        calls(email_service_server::SERVICE_NAME),
        calls(person_service_server::SERVICE_NAME),
        calls(invitation_service_server::SERVICE_NAME),
        calls(confirmation_service_server::SERVICE_NAME),
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
    split.source.define(DEAD_LETTER).await;
    everybody(&doors, RULES, ANN, BOB, &[&cases[..], &of_staff()].concat()).await;
    let emails = ["/api/identity/email", "/api/identity/email/{id_or_address}"];
    are_on_record(&split, &[emails[0], emails[1], user, platform, sessions, AUDIT, PEOPLE]).await;
}

/// What staff are shown, or do, for a reason.
fn of_staff() -> Vec<Case> {
    let ann = format!("{PEOPLE}?email=ann%40example.org");
    let people = |status| case(Get, PEOPLE, &ann, [401, 403, 403, 403, status, 403]);
    let letters = dead_letters("/api/identity/dead-letters", "/api/identity/dead-letters/{id}/replay");
    let audit = case(Get, AUDIT, &format!("{AUDIT}?reason=yearly%20review"), [401, 403, 403, 403, 200, 403]);
    [&letters[..], &[audit, people(422), people(200).header("x-audit-reason", "ticket 4711")]].concat()
}

/// What isn't signed by Supabase is nobody's, whoever brings it.
fn unsigned(hook: &'static str) -> Case {
    case(Write, hook, hook, [401; 6]).body(json!({}))
}

/// Staff who were shown somebody there, or were told that there is nobody; and no address of anybody.
async fn are_on_record(split: &Split, routes: &[&str]) {
    for route in routes {
        let written = format!("SELECT count(*) FROM svc.staff_access WHERE route = '{route}'");
        assert!(split.source.number(&written).await > 0, "{route}");
    }
    let addresses = "SELECT count(*) FROM svc.staff_access AS s WHERE s::text ~ 'example'";
    assert_eq!(split.source.number(addresses).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_say_why_and_it_is_kept() {
    let (split, doors) = start().await;
    let staff = Who::Staff(Assurance::Second);
    let path = format!("/api/identity/user/{ANN}");
    let asked = doors.request(staff, Get, &path).header("x-audit-reason", "ticket 4711");
    assert_eq!(doors.answer(asked).await.unwrap().status, 200);
    let kept = format!(
        "SELECT count(*) FROM svc.staff_access WHERE '{ANN}' = ANY(about) AND reason = 'ticket 4711' AND route LIKE '%/user/%'"
    );
    assert!(split.source.number(&kept).await > 0);
    let unreasoned = doors.request(staff, Get, &path).header("x-audit-reason", "a");
    assert_eq!(doors.answer(unreasoned).await.unwrap().status, 400);
    let of_ann = format!("/api/identity/audit?reason=complaint&subject={ANN}");
    let log = doors.ask(staff, Get, &of_ann, None).await.unwrap();
    let rows = log.body["items"].as_array().unwrap();
    let mut told: Vec<_> = rows.iter().map(|row| (row["route"].clone(), row["reason"].clone())).collect();
    told.dedup();
    let looks = [("/api/identity/user/{human_name_id}", "ticket 4711"), ("/api/identity/audit", "complaint")];
    assert_eq!(told, looks.map(|(route, reason)| (json!(route), json!(reason))), "{}", log.body);
    let newest = doors.ask(staff, Get, &format!("{of_ann}&order=newest_first&limit=1"), None).await.unwrap();
    let next = newest.body["next_cursor"].as_str().unwrap();
    let after = doors.ask(staff, Get, &format!("{of_ann}&order=newest_first&cursor={next}"), None).await.unwrap();
    let at = |page: &Value, row: usize| page["items"][row]["at"].as_str().unwrap().to_owned();
    assert!(at(&newest.body, 0) > at(&log.body, rows.len() - 1), "{} after {}", newest.body, log.body);
    assert!(after.body["items"].as_array().unwrap().len() > 1 && at(&after.body, 0) > at(&after.body, 1));
    for wrong in ["subject=ann", "limit=0", "subject=", "order=newest"] {
        let refused = doors.ask(staff, Get, &format!("/api/identity/audit?reason=complaint&{wrong}"), None).await;
        assert_eq!(refused.unwrap().status, 400, "{wrong}");
    }
}
