//! What bounds scenarios: the session that they are part of, its clock, and their number.

use crate::platform::ANN;
use crate::scenarios::{act, buy, exercise, platform};
use rerp_fte::store::scenario::MOST;
use rerp_fte::sweeper;
use rerp_kit::problem::catalogue;
use serde_json::json;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scenario_of_a_session_lives_with_it() {
    let platform = platform().await;
    platform.module("live", "interactive_scenario").await;
    let session = platform.answered(ANN, "live").await;
    let body = json!({ "session_id": session, "scenario_type": "backtest", "bars": 31 });
    // Whoever may was asked at the start of the session.
    platform.others.say().entitlement = (false, "not_paid", "unpaid");
    let made = platform.post("/scenarios", &body).await;
    assert_eq!((made.status, &made.body["human_name_id"]), (201, &json!(ANN)), "{}", made.text);
    let actions = format!("/scenarios/{}/actions", made.text("scenario_id"));
    let advanced = platform.post(&actions, &act(&made.body["seq"], json!({ "advance": {} }))).await;
    assert_eq!(advanced.status, 200, "{}", advanced.text);
    let ended = platform.complete(&session).await;
    assert_eq!((&ended.body["passed"], &ended.body["status"]), (&json!(true), &json!("completed")), "{}", ended.text);
    let late = platform.post(&actions, &act(&advanced.body["seq"], buy("1"))).await;
    assert!(late.is(catalogue::ENDED), "{}", late.text);
    assert!(platform.post("/scenarios", &body).await.is(catalogue::ENDED));
    assert!(platform.post("/scenarios", &exercise("backtest")).await.is(catalogue::NOT_ENTITLED));

    // All points without a scenario carried to its end are not enough.
    *platform.others.say() = Default::default();
    let session = platform.answered(ANN, "live").await;
    let ended = platform.complete(&session).await;
    assert_eq!((&ended.body["passed"], &ended.body["points_earned"]), (&json!(false), &json!(10)), "{}", ended.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_decided_in_time_counts_though_its_answer_got_lost() {
    let platform = platform().await;
    platform.module("live", "interactive_scenario").await;
    let body = |session: &str| json!({ "session_id": session, "scenario_type": "backtest", "bars": 31 });
    for by_clock in [false, true] {
        let session = platform.answered(ANN, "live").await;
        let made = platform.post("/scenarios", &body(&session)).await;
        let actions = format!("/scenarios/{}/actions", made.text("scenario_id"));
        let last = act(&made.body["seq"], json!({ "advance": {} }));
        platform.market.lose(1);
        assert!(platform.post(&actions, &last).await.is(catalogue::DEPENDENCY_UNAVAILABLE));
        if by_clock {
            platform.fte.execute("UPDATE svc.test_sessions SET expires_at = now() WHERE status = 'in_progress'").await;
            let stop = CancellationToken::new();
            assert_eq!(sweeper::turn(&platform.state.scenarios(), &stop).await.unwrap(), 1);
        }
        let ended = platform.complete(&session).await;
        assert_eq!(ended.body["passed"], json!(true), "{}", ended.text);
        // And it is told, whenever it is asked for again.
        assert_eq!(platform.post(&actions, &last).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_fills_the_trading_service() {
    let platform = platform().await;
    let session = platform.answered(ANN, "risk").await;
    let in_session = json!({ "session_id": session, "scenario_type": "backtest", "bars": 31 });
    for body in [in_session, exercise("backtest")] {
        for _ in 0..MOST {
            assert_eq!(platform.post("/scenarios", &body).await.status, 201);
        }
        assert!(platform.post("/scenarios", &body).await.is(catalogue::TOO_MANY_REQUESTS));
    }
}
