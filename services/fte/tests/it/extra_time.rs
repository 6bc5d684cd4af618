//! More time than others have: for the next session and not for one that runs, and gone with its person.

use crate::platform::{ANN, BOB, NOBODY, Platform};
use rerp_fte::rights::HELD;
use rerp_kit::access::Caller;
use rerp_kit::problem::catalogue;
use rerp_kit::rights::{Subject, erase_once};
use serde_json::json;
use uuid::Uuid;

impl Platform {
    /// How many seconds the newest session of a person was given.
    async fn given(&self, person: &str) -> i64 {
        let last =
            "SELECT extract(epoch FROM expires_at - started_at)::bigint FROM svc.test_sessions WHERE human_name_id";
        self.fte.number(&format!("{last} = '{person}' ORDER BY started_at DESC LIMIT 1")).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_more_time_from_the_next_session_on() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let path = format!("/people/{ANN}/extra-time");
    assert!(platform.get(&path).await.is(catalogue::NOT_FOUND));
    let (running, _) = platform.session(ANN, "risk").await;
    let given = platform.send("PUT", &path, &[], Some(&json!({ "percent": 50 }))).await;
    assert_eq!((given.status, &given.body["percent"]), (200, &json!(50)), "{}", given.text);
    let again = platform.send("PUT", &path, &[], Some(&json!({ "percent": 50 }))).await;
    assert_eq!((again.status, &again.body), (200, &given.body), "the same again changes nothing");
    assert_eq!((platform.get(&path).await.body, platform.given(ANN).await), (given.body, 600), "what runs stays");
    platform.complete(&running).await;
    platform.session(ANN, "risk").await;
    platform.session(BOB, "risk").await;
    assert_eq!((platform.given(ANN).await, platform.given(BOB).await), (900, 600));
    assert_eq!(platform.send("DELETE", &path, &[], None).await.status, 204);
    assert!(platform.send("DELETE", &path, &[], None).await.is(catalogue::NOT_FOUND));
    for (person, percent, kind) in [(ANN, 0, catalogue::INVALID_VALUE), (NOBODY, 50, catalogue::INVALID_VALUE)] {
        let refused = platform
            .send("PUT", &format!("/people/{person}/extra-time"), &[], Some(&json!({ "percent": percent })))
            .await;
        assert!(refused.is(kind), "{}", refused.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_given_out_to_its_person_and_goes_with_them() {
    let platform = Platform::start().await;
    for person in [ANN, BOB] {
        let given =
            platform.send("PUT", &format!("/people/{person}/extra-time"), &[], Some(&json!({ "percent": 25 }))).await;
        assert_eq!(given.status, 200, "{}", given.text);
    }
    let export = platform.get(&format!("/people/{ANN}/export")).await;
    assert!(export.text.contains("\"percent\":25"), "{}", export.text);
    let by = Caller::Service("identity".into());
    erase_once(&platform.state.db, HELD, Uuid::now_v7(), &Subject::of(ANN.parse().unwrap()), &by).await.unwrap();
    assert_eq!(platform.rows("extra_times").await, 1, "Bob's");
}
