//! The service and its OpenAPI document.

use rerp_account::openapi::api;

use crate::conformance;
use crate::platform::{ANN, Platform};

#[test]
fn the_document_is_the_one_that_is_checked_in() {
    conformance::is_as_checked_in(&api());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask test --only openapi"]
async fn schemathesis_finds_nothing_in_account() {
    let platform = Platform::start().await;
    platform.open(ANN, "personal").await;
    platform.company("Acme").await;
    conformance::holds(&api(), platform.doors().await).await;
}
