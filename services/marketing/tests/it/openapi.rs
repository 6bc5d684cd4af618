//! The service and its OpenAPI document.

use rerp_marketing::access::RULES;
use rerp_marketing::openapi::api;

use crate::conformance;
use crate::doors::Doors;
use crate::platform::Platform;

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
