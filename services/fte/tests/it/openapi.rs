//! The service and its OpenAPI document.

use rerp_fte::openapi::api;

use crate::access::doors;
use crate::conformance;
use crate::platform::{ANN, Platform};

#[test]
fn the_document_is_the_one_that_is_checked_in() {
    conformance::is_as_checked_in(&api());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask test --only openapi"]
async fn schemathesis_finds_nothing_in_fte() {
    let platform = start().await;
    conformance::holds(&api(), doors(&platform).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask test --only openapi"]
async fn schemathesis_finds_nothing_in_fte_as_a_person() {
    let platform = start().await;
    conformance::holds_for(&api(), doors(&platform).await, ANN.parse().unwrap()).await;
}

async fn start() -> Platform {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    platform.module("final", "final_assessment").await;
    platform
}
