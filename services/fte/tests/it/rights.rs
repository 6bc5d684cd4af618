//! What FTE holds of a person: it goes when the person does, but for a certificate, which whoever was shown it can verify. What would tell the answers of a test
//! is given out to nobody.

use crate::platform::{ANN, BOB, Platform};
use crate::support::rights::forgotten;
use rerp_fte::rights::{HELD, LIFETIMES};
use rerp_kit::access::Caller;
use rerp_kit::rights::{Subject, erase_once};
use serde_json::json;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_is_forgotten() {
    let platform = Platform::start().await;
    assert_eq!(forgotten(&platform.fte, HELD, LIFETIMES).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_outlives_its_person_and_nothing_else_does() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    platform.module("final", "final_assessment").await;
    for module in ["risk", "final"] {
        platform.pass(ANN, module).await;
    }
    platform.pass(BOB, "risk").await;
    let certificate = platform.get(&format!("/certificates/{ANN}")).await.body["items"][0].clone();
    let verify = format!("/certificates/verify/{}", certificate["verification_token"].as_str().unwrap());
    let before = platform.get(&verify).await;
    let export = platform.get(&format!("/people/{ANN}/export")).await;
    assert!(export.status == 200 && export.text.contains("\"answered_at\""), "{}", export.text);
    for secret in ["\"is_correct\":", "\"points_awarded\":", "\"correct\":"] {
        assert!(!export.text.contains(secret), "{secret} in {}", export.text);
    }

    let subject = Subject::of(ANN.parse().unwrap());
    let by = Caller::Service("identity".into());
    let parts = erase_once(&platform.state.db, HELD, Uuid::now_v7(), &subject, &by).await.unwrap();
    let done: Vec<_> =
        parts.iter().filter(|part| part.table == "test_sessions").map(|part| (part.done.as_str(), part.rows)).collect();
    assert_eq!(done, [("deleted", 1), ("kept", 1)]);
    for (table, left) in [("test_sessions", 2), ("test_answers", 3), ("user_progress", 1), ("fte_certificates", 1)] {
        assert_eq!(platform.rows(table).await, left, "{table}: Bob's, and what the certificate was earned in");
    }
    let after = platform.get(&verify).await;
    assert_eq!((after.status, &after.body), (200, &before.body));
    assert_eq!(after.body["state"], json!("valid"), "{}", after.text);
}
