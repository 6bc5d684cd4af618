//! What FTE tells others: that a session has ended, and what became of a certificate, each once.

use crate::platform::{ANN, BOB, Platform};
use serde_json::{Value, json};

impl Platform {
    /// How many events of a type there are whose data holds this.
    async fn told(&self, kind: &str, data: &Value) -> i64 {
        let count = "SELECT count(*) FROM svc.outbox WHERE type";
        self.fte.number(&format!("{count} = '{kind}' AND data @> '{data}'")).await
    }
}

const COMPLETED: &str = "fte.session.completed.v1";
const ISSUED: &str = "fte.certificate.issued.v1";
const REVOKED: &str = "fte.certificate.revoked.v1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_session_and_its_certificate_are_told_once() {
    let platform = Platform::start().await;
    platform.fte.events_come_last().await;
    platform.module("risk", "module_quiz").await;
    platform.module("final", "final_assessment").await;
    let first = platform.pass(ANN, "risk").await.text("session_id");
    let told = json!({ "session_id": first, "human_name_id": ANN, "status": "completed", "passed": true });
    assert_eq!(platform.complete(&first).await.status, 200, "again");
    assert_eq!((platform.told(COMPLETED, &told).await, platform.told(ISSUED, &json!({})).await), (1, 0));

    let last = platform.pass(ANN, "final").await;
    let issued = json!({ "certificate_id": last.text("certificate_id"), "session_id": last.text("session_id"), "human_name_id": ANN });
    assert_eq!((platform.told(ISSUED, &issued).await, platform.told(ISSUED, &json!({})).await), (1, 1));

    let path = format!("/certificates/{}/revoke", last.text("certificate_id"));
    for reason in ["Somebody else took the test", "Another"] {
        assert_eq!(platform.post(&path, &json!({ "reason": reason })).await.status, 200);
    }
    let revoked = json!({ "certificate_id": last.text("certificate_id") });
    assert_eq!((platform.told(REVOKED, &revoked).await, platform.told(REVOKED, &json!({})).await), (1, 1));
    let order = format!(
        "SELECT count(*) FROM svc.outbox WHERE subject = '{}' AND (type, sequence) IN (('{ISSUED}', 1), ('{REVOKED}', 2))",
        last.text("certificate_id")
    );
    assert_eq!(platform.fte.number(&order).await, 2);
    // The reason is for its owner, and the token for whoever the owner gives it to.
    let secret = "SELECT count(*) FROM svc.outbox AS o, svc.fte_certificates AS c WHERE o::text LIKE '%' || c.verification_token || '%' OR o::text LIKE '%Somebody%'";
    assert_eq!(platform.fte.number(secret).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_clock_ends_is_told_as_expired() {
    let platform = Platform::start().await;
    platform.fte.events_come_last().await;
    platform.module("risk", "module_quiz").await;
    let session = platform.answered(BOB, "risk").await;
    platform.let_expire(&session).await;
    for _ in 0..2 {
        assert_eq!(platform.get(&format!("/sessions/{session}")).await.status, 200);
    }
    let told = platform.told(COMPLETED, &json!({ "session_id": session, "status": "expired", "passed": true })).await;
    assert_eq!((told, platform.told(COMPLETED, &json!({})).await), (1, 1));
    // The next one ends the one before, and is written beside it.
    let late = platform.answered(BOB, "risk").await;
    platform.let_expire(&late).await;
    platform.answered(BOB, "risk").await;
    assert_eq!(platform.told(COMPLETED, &json!({ "session_id": late })).await, 1);
}
