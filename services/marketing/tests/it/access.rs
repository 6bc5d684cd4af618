//! Who may call what: every row of the table as every kind of caller, over mutual TLS.

use rerp_kit::access::Verb::{Get, Post};
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
async fn everybody_may_leave_what_visitors_leave() {
    let platform = Platform::start().await;
    let doors = Doors::open("marketing", RULES, platform.router().await).await;
    let export = "/api/marketing/people/{human_name_id}/export";
    let (capture, contact) = ("/api/marketing/email-capture", "/api/marketing/contact");
    let cases = [
        case(Post, capture, capture, [201; 6]).body(json!({ "email": "ann@example.com", "source": "hero" })),
        case(Post, contact, contact, [201; 6])
            .body(json!({ "email": "ann@example.com", "name": "Ann", "message": "Hello" })),
        case(
            Get,
            export,
            &export.replace("{human_name_id}", &Uuid::from_u128(1).to_string()),
            [401, 200, 404, 403, 200, 403],
        ),
    ];
    everybody(&doors, RULES, Uuid::from_u128(1), Uuid::from_u128(2), &cases).await;
}
