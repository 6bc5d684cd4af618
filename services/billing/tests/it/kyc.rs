//! Proof of who pays: begun once at a time, decided by Stripe, and kept.

use crate::platform::{ACCOUNT, ANN, NOBODY, Platform};
use rerp_kit::problem::catalogue::{DEPENDENCY_UNAVAILABLE, INVALID_VALUE, NOT_FOUND};
use serde_json::{Value, json};

fn wish(person: &str) -> Value {
    json!({ "account_id": ACCOUNT, "human_name_id": person })
}

impl Platform {
    async fn kyc(&self) -> Value {
        self.get(&format!("kyc/status/{ACCOUNT}")).await.body["verification_status"].clone()
    }

    async fn decide(&self, verdict: &str) {
        let session = self.stripe("GET", "identity/verification_sessions", "").await;
        let id = session.body["data"][0]["id"].as_str().unwrap_or_else(|| panic!("{}", session.body)).to_owned();
        let decided =
            self.stripe("POST", &format!("test_helpers/identity/verification_sessions/{id}/{verdict}"), "").await;
        assert_eq!(decided.status, 200, "{}", decided.body);
        self.hear(&json!({ "shuffled": true, "seed": 3, "doubled_percent": 50 })).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_is_begun_once_and_what_is_verified_stays() {
    let p = Platform::start().await;
    assert!(p.get(&format!("kyc/status/{ACCOUNT}")).await.is(NOT_FOUND));
    let begun = p.post(None, "kyc/verify", &wish(ANN)).await;
    assert_eq!((begun.status, &begun.body["verification_status"]), (201, &json!("requires_input")), "{}", begun.body);
    assert!(begun.body["url"].as_str().unwrap().starts_with("https://"));
    let again = p.post(None, "kyc/verify", &wish(ANN)).await;
    assert_eq!((again.status, &again.body["url"]), (200, &begun.body["url"]));
    assert_eq!(p.rows("kyc_billing_verification").await, 1);
    p.decide("refuse").await;
    assert_eq!(p.kyc().await, json!("requires_input"));
    p.decide("verify").await;
    assert_eq!(p.kyc().await, json!("verified"));
    let status = p.get(&format!("kyc/status/{ACCOUNT}")).await;
    assert!(status.body["verified_at"].is_string() && status.body.get("url").is_none(), "{}", status.body);
    // Begun anew it doesn't take away what was proved.
    assert_eq!(p.post(None, "kyc/verify", &wish(ANN)).await.status, 201);
    assert_eq!(p.kyc().await, json!("verified"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_whose_answer_was_lost_is_the_same_one() {
    let p = Platform::start().await;
    assert!(p.post(None, "kyc/verify", &wish(NOBODY)).await.is(INVALID_VALUE));
    let lost = json!({ "vendor": "stripe", "moment": "after", "status": 500, "times": 3 });
    p.sandbox("POST", "faults", &lost).await;
    assert!(p.post(None, "kyc/verify", &wish(ANN)).await.is(DEPENDENCY_UNAVAILABLE));
    assert_eq!(p.kyc().await, json!("requested"));
    assert_eq!(p.post(None, "kyc/verify", &wish(ANN)).await.status, 200);
    let sessions = p.stripe("GET", "identity/verification_sessions", "").await;
    assert_eq!(sessions.body["data"].as_array().map(Vec::len), Some(1));
}
