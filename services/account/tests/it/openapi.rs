//! The service and its OpenAPI document.

use rerp_account::openapi::api;
use serde_json::json;

use crate::conformance;
use crate::platform::{ANN, Platform};

/// The account of the document's examples: the key of whoever opens one is its identifier.
const ACCOUNT: &str = "0191f7a1-3f0c-7000-8000-0000000000a1";

#[test]
fn the_document_is_the_one_that_is_checked_in() {
    conformance::is_as_checked_in(&api());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask test --only openapi"]
async fn schemathesis_finds_nothing_in_account() {
    conformance::holds(&api(), start().await.doors().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask test --only openapi"]
async fn schemathesis_finds_nothing_in_account_as_a_person() {
    conformance::holds_for(&api(), start().await.doors().await, ANN.parse().unwrap()).await;
}

async fn start() -> Platform {
    let platform = Platform::start().await;
    let account = json!({ "human_name_id": ANN, "kind": "business" });
    assert_eq!(platform.post_as(ACCOUNT, "", &account).await.status, 201);
    platform.company("Acme").await;
    platform
}
