//! Who may call what: every row of the table as every kind of caller, over mutual TLS.

use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use rerp_marketing::access::RULES;
use serde_json::json;
use uuid::Uuid;

use crate::doors::{Doors, case, everybody, same_routes};
use crate::platform::Platform;

#[test]
fn every_route_has_a_row() {
    same_routes(include_str!("../../src/router.rs"), RULES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_leave_what_visitors_leave_and_staff_may_see_it() {
    let platform = Platform::start().await;
    let doors = Doors::open("marketing", RULES, platform.router().await).await;
    let own = "/api/marketing/people/{human_name_id}/export";
    let (capture, contact) = ("/api/marketing/email-capture", "/api/marketing/contact");
    let (texts, suppressions) = ("/api/marketing/consent-texts/{version}", "/api/marketing/suppressions");
    let (one, challenge) = ("/api/marketing/suppressions/{email_address_id}", "/api/marketing/captcha/challenge");
    let (leads, messages) = ("/api/marketing/leads", "/api/marketing/messages");
    let (export, funnel, audit) = ("/api/marketing/leads/export", "/api/marketing/funnel", "/api/marketing/audit");
    let staff = [401, 403, 403, 403, 200, 403];
    let because = |path: &str| format!("{path}?reason=ticket%204711");
    let (letters, letter) = ("/api/marketing/dead-letters", "/api/marketing/dead-letters/{id}/replay");
    let cases = [
        case(Post, capture, capture, [201; 6]).body(json!({ "email": "ann@example.com", "source": "hero" })),
        case(Post, contact, contact, [201; 6])
            .body(json!({ "email": "ann@example.com", "name": "Ann", "message": "Hello" })),
        // Without a proof of work there is no challenge, for nobody.
        case(Get, challenge, challenge, [204; 6]),
        case(Put, texts, "/api/marketing/consent-texts/news-1", staff).body(json!({ "text": "I want mail." })),
        case(Get, texts, "/api/marketing/consent-texts/news-1", [200; 6]),
        // Where nobody is asked no token is one, whoever shows it.
        case(Post, "/api/marketing/confirmations", "/api/marketing/confirmations", [404; 6])
            .body(json!({ "token": "0".repeat(96) })),
        case(
            Post,
            "/api/marketing/unsubscribe/{token}",
            &format!("/api/marketing/unsubscribe/{}", "0".repeat(96)),
            [404; 6],
        ),
        case(Get, suppressions, suppressions, staff),
        case(Post, suppressions, suppressions, [401, 403, 403, 403, 201, 403])
            .body(json!({ "email": "bob@example.com", "reason": "objected" })),
        case(Delete, one, &format!("{suppressions}/{}", Uuid::from_u128(9)), [401, 403, 403, 403, 404, 403]),
        case(Get, leads, &because(leads), staff),
        case(Post, export, export, staff).body(json!({ "reason": "ticket 4711" })),
        case(Get, messages, &because(messages), staff),
        case(Get, funnel, funnel, staff),
        case(Get, audit, &because(audit), staff),
        // Marketing tells and hears of no events.
        case(Get, letters, letters, staff),
        case(Post, letter, &letter.replace("{id}", &Uuid::from_u128(9).to_string()), [401, 403, 403, 403, 404, 403])
            .header("x-audit-reason", "ticket 4711"),
        case(
            Get,
            own,
            &own.replace("{human_name_id}", &Uuid::from_u128(1).to_string()),
            [401, 200, 404, 403, 200, 403],
        ),
    ];
    everybody(&doors, RULES, Uuid::from_u128(1), Uuid::from_u128(2), &cases).await;
    let looks = "SELECT count(*) FROM svc.staff_access WHERE staff_id = '00000000-0000-0000-0000-000000057aff' AND reason = 'ticket 4711'";
    assert!(platform.marketing.source.number(looks).await >= 4, "leads, their file, messages, the record itself");
}
