//! The service and its OpenAPI document.

use rerp_identity::openapi::api;

use crate::access::start_with;
use crate::conformance;
use crate::stand_in::StandIn;

#[test]
fn the_document_is_the_one_that_is_checked_in() {
    conformance::is_as_checked_in(&api());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask test --only openapi"]
async fn schemathesis_finds_nothing_in_identity() {
    let vendors = StandIn::start().await;
    let (_split, doors) = start_with(vendors.post()).await;
    conformance::holds(&api(), doors).await;
}
