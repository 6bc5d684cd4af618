//! The service and its OpenAPI document.

use rerp_marketing::access::RULES;
use rerp_marketing::openapi::api;
use uuid::Uuid;

use crate::conformance;
use crate::doors::Doors;
use crate::platform::Platform;

/// Whom the document's examples are about.
const PERSON: Uuid = Uuid::from_u128(0x0191_f7a1_3f0c_7000_8000_0000_0000_0001);

#[test]
fn the_document_is_the_one_that_is_checked_in() {
    conformance::is_as_checked_in(&api());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask test --only openapi"]
async fn schemathesis_finds_nothing_in_marketing() {
    let platform = Platform::start().await;
    let doors = Doors::open("marketing", RULES, platform.router().await).await;
    conformance::holds(&api(), doors).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask test --only openapi"]
async fn schemathesis_finds_nothing_in_marketing_as_a_person() {
    let platform = Platform::start().await;
    let doors = Doors::open("marketing", RULES, platform.router().await).await;
    conformance::holds_for(&api(), doors, PERSON).await;
}
