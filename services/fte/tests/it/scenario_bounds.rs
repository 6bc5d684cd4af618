//! What bounds scenarios: the session that they are part of, its clock, and their number.

use crate::platform::{ANN, Platform};
use crate::scenarios::{act, buy, exercise, platform};
use rerp_fte::store::scenario::MOST;
use rerp_fte::sweeper;
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Does actions one after the other; what the next one has to expect.
async fn all(platform: &Platform, actions: &str, seq: &Value, doing: impl IntoIterator<Item = Value>) -> Value {
    let mut seq = seq.clone();
    for action in doing {
        let done = platform.post(actions, &act(&seq, action)).await;
        assert_eq!(done.status, 200, "{}", done.text);
        seq = done.body["seq"].clone();
    }
    seq
}

fn advance(bars: usize) -> Value {
    json!({ "advance": { "bars": bars } })
}

/// Decides at so many bars, and stays at the one after.
fn decisions(bars: usize) -> impl Iterator<Item = Value> {
    (0..bars).flat_map(|_| [buy("1"), advance(1)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scenario_of_a_session_lives_with_it() {
    let platform = platform().await;
    platform.module("live", "interactive_scenario").await;
    let session = platform.answered(ANN, "live").await;
    let body = json!({ "session_id": session, "scenario_type": "backtest", "bars": 60 });
    // Whoever may was asked at the start of the session.
    platform.others.say().entitlement = (false, "not_paid", "unpaid");
    let made = platform.post("/scenarios", &body).await;
    assert_eq!((made.status, &made.body["human_name_id"]), (201, &json!(ANN)), "{}", made.text);
    let actions = format!("/scenarios/{}/actions", made.text("scenario_id"));
    let seq = all(&platform, &actions, &made.body["seq"], decisions(5).chain([advance(25)])).await;
    let ended = platform.complete(&session).await;
    assert_eq!((&ended.body["passed"], &ended.body["status"]), (&json!(true), &json!("completed")), "{}", ended.text);
    let late = platform.post(&actions, &act(&seq, buy("1"))).await;
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
    let body = |session: &str| json!({ "session_id": session, "scenario_type": "backtest", "bars": 60 });
    for by_clock in [false, true] {
        let session = platform.answered(ANN, "live").await;
        let made = platform.post("/scenarios", &body(&session)).await;
        let actions = format!("/scenarios/{}/actions", made.text("scenario_id"));
        let seq = all(&platform, &actions, &made.body["seq"], decisions(5)).await;
        let last = act(&seq, advance(25));
        platform.market.lose(1);
        assert!(platform.post(&actions, &last).await.is(catalogue::DEPENDENCY_UNAVAILABLE));
        if by_clock {
            platform.fte.execute("UPDATE svc.test_sessions SET expires_at = now() WHERE status = 'in_progress'").await;
            let stop = CancellationToken::new();
            assert_eq!(sweeper::turn(&platform.state.scenarios_at_work(), &stop).await.unwrap(), 1);
        }
        let ended = platform.complete(&session).await;
        assert_eq!(ended.body["passed"], json!(true), "{}", ended.text);
        // And it is told, whenever it is asked for again.
        assert_eq!(platform.post(&actions, &last).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_market_that_was_only_let_run_counts_for_nothing() {
    let platform = platform().await;
    platform.module("live", "interactive_scenario").await;
    let body = |session: &str, bars| json!({ "session_id": session, "scenario_type": "backtest", "bars": bars });
    let at_once: Vec<Value> = std::iter::repeat_n(buy("1"), 5).chain([advance(30)]).collect();
    for (doing, passes) in [
        (vec![advance(30)], false),
        (at_once, false),
        (decisions(4).chain([advance(26)]).collect(), false),
        (decisions(5).collect(), false),
        (decisions(5).chain([advance(25)]).collect(), true),
    ] {
        let session = platform.answered(ANN, "live").await;
        let short = platform.post("/scenarios", &body(&session, 59)).await;
        assert!(short.is(catalogue::INVALID_VALUE) && short.pointer() == "/bars", "{}", short.text);
        let made = platform.post("/scenarios", &body(&session, 60)).await;
        let actions = format!("/scenarios/{}/actions", made.text("scenario_id"));
        all(&platform, &actions, &made.body["seq"], doing.clone()).await;
        let ended = platform.complete(&session).await;
        assert_eq!(ended.body["points_earned"], json!(10), "{}", ended.text);
        assert_eq!(ended.body["passed"], json!(passes), "{doing:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trading_service_that_refuses_even_a_look_is_asked_no_more() {
    let platform = platform().await;
    platform.module("live", "interactive_scenario").await;
    let session = platform.answered(ANN, "live").await;
    let body = json!({ "session_id": session, "scenario_type": "backtest", "bars": 60 });
    let made = platform.post("/scenarios", &body).await;
    let actions = format!("/scenarios/{}/actions", made.text("scenario_id"));
    let order = act(&made.body["seq"], buy("1"));
    platform.market.lose(1);
    assert!(platform.post(&actions, &order).await.is(catalogue::DEPENDENCY_UNAVAILABLE));
    platform.market.refuse();
    let lost = platform.post(&actions, &order).await;
    assert!(lost.is(catalogue::ENDED), "{}", lost.text);
    // Nor does it keep anybody in a session: what can't be found out isn't waited for.
    let ended = platform.complete(&session).await;
    assert_eq!((ended.status, &ended.body["status"]), (200, &json!("failed")), "{}", ended.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_fills_the_trading_service() {
    let platform = platform().await;
    let session = platform.answered(ANN, "risk").await;
    let in_session = json!({ "session_id": session, "scenario_type": "backtest", "bars": 60 });
    for body in [in_session, exercise("backtest")] {
        for _ in 0..MOST {
            assert_eq!(platform.post("/scenarios", &body).await.status, 201);
        }
        assert!(platform.post("/scenarios", &body).await.is(catalogue::TOO_MANY_REQUESTS));
    }
}
