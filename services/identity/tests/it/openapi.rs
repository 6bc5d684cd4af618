//! The service and its OpenAPI document.

use rerp_identity::openapi::api;

use crate::access::{ANN, start_with};
use crate::conformance;
use crate::doors::Doors;
use crate::stand_in::StandIn;
use crate::support::Split;

const EVE: &str = "0191f7a1-3f0c-7000-8000-0000000000e1";

#[test]
fn the_document_is_the_one_that_is_checked_in() {
    conformance::is_as_checked_in(&api());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask test --only openapi"]
async fn schemathesis_finds_nothing_in_identity() {
    let (_vendors, doors) = start().await;
    conformance::holds(&api(), doors).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask test --only openapi"]
async fn schemathesis_finds_nothing_in_identity_as_a_person() {
    let (_vendors, doors) = start().await;
    conformance::holds_for(&api(), doors, ANN).await;
}

async fn start() -> ((StandIn, Split), Doors) {
    let vendors = StandIn::start().await;
    let (split, doors) = start_with(vendors.post()).await;
    // Who is erased in the document's examples; everybody else stays.
    split
        .source
        .define(&format!(
            "INSERT INTO email_addresses (id, email) VALUES ('{EVE}', 'eve@example.com'); \
             INSERT INTO human_names (id, email_address_id) VALUES ('{EVE}', '{EVE}')"
        ))
        .await;
    ((vendors, split), doors)
}
