//! Scenarios against the sandbox's trading service: from the first order to the last bar, while it is away, and when its answers get lost.

use std::sync::Arc;

use crate::platform::{ACCOUNT, ANN, NOBODY, Platform};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use rerp_fte::domain::scenario::{Config, Fees};
use rerp_fte::store::scenario::{Belongs, Wish, wish};
use rerp_fte::sweeper;
use rerp_kit::access::Reach;
use rerp_kit::idempotency::{Claim, Key};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub(crate) fn exercise(kind: &str) -> Value {
    json!({ "module": "risk", "human_name_id": ANN, "account_id": ACCOUNT, "scenario_type": kind, "bars": 33, "cash": "1000000.00",
        "fees": { "rate_ppm": 1000, "fixed": "1.00" } })
}

pub(crate) fn act(seq: &Value, action: Value) -> Value {
    json!({ "expected_seq": seq, "action": action })
}

pub(crate) fn buy(quantity: &str) -> Value {
    json!({ "order": { "side": "buy", "quantity": quantity } })
}

pub(crate) async fn platform() -> Platform {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    platform
}

/// Begins an exercise; its path and what was answered.
async fn begin(platform: &Platform, kind: &str) -> (String, Value) {
    let made = platform.post("/scenarios", &exercise(kind)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    (format!("/scenarios/{}", made.text("scenario_id")), made.body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scenario_goes_from_order_to_result() {
    let platform = platform().await;
    let made = platform.post("/scenarios", &exercise("live_simulation")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = format!("/scenarios/{}", made.text("scenario_id"));
    assert_eq!(made.header("location"), format!("/api/fte{path}"));
    assert!(!made.text.contains("seed") && !made.text.contains("trading"), "{}", made.text);
    assert_eq!((made.body["bars"].as_array().map(Vec::len), &made.body["total_bars"]), (Some(30), &json!(33)));
    let actions = format!("{path}/actions");

    let placed = platform.post(&actions, &act(&made.body["seq"], buy("100"))).await;
    assert_eq!(
        (placed.status, &placed.body["bars"], &placed.body["sequence"]),
        (200, &json!([]), &json!(1)),
        "{}",
        placed.text
    );
    let again = platform.post(&actions, &act(&made.body["seq"], buy("100"))).await;
    assert_eq!((again.status, &again.body), (200, &placed.body), "a repetition");
    let gap = platform.post(&actions, &act(&made.body["seq"], buy("101"))).await;
    assert!(gap.is(catalogue::SEQUENCE_GAP) && gap.pointer() == "/expected_seq", "{}", gap.text);

    let filled = platform.post(&actions, &act(&placed.body["seq"], json!({ "advance": {} }))).await;
    assert_eq!(filled.body["bars"].as_array().map(Vec::len), Some(1), "{}", filled.text);
    assert_eq!(filled.body["results"]["position"]["quantity"], json!("100"));
    let refused = platform.post(&actions, &act(&filled.body["seq"], json!({ "advance": { "bars": 2 } }))).await;
    assert!(refused.is(catalogue::INVALID_VALUE) && refused.pointer() == "/action", "{}", refused.text);
    let mut seq = filled.body["seq"].clone();
    for _ in 0..2 {
        seq = platform.post(&actions, &act(&seq, json!({ "advance": {} }))).await.body["seq"].clone();
    }
    let over = platform.post(&actions, &act(&seq, json!({ "advance": {} }))).await;
    assert!(over.is(catalogue::INVALID_VALUE), "{}", over.text);

    let read = platform.get(&path).await;
    assert_eq!((read.body["bars"].as_array().map(Vec::len), &read.body["seq"]), (Some(33), &seq), "{}", read.text);
    assert_eq!(read.body["bars"][30], filled.body["bars"][0]);
    assert!(read.body["completed_at"].is_string() && !read.text.contains("seed"));
    let done: Vec<&Value> = read.body["user_actions"].as_array().unwrap().iter().map(|one| &one["done"]).collect();
    assert_eq!(done, [true, true, false, true, true, false].map(|done| json!(done)).iter().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bar_is_stored_or_shown_before_its_time() {
    let platform = platform().await;
    let (path, made) = begin(&platform, "pattern_recognition").await;
    let stored = "SELECT jsonb_array_length(trading_data) + (SELECT coalesce(sum(jsonb_array_length(bars)), 0) FROM svc.scenario_outcomes) \
                  FROM svc.interactive_test_scenarios";
    let mut seq = made["seq"].clone();
    for visible in 30..33 {
        let read = platform.get(&path).await;
        assert_eq!(read.body["bars"].as_array().map(Vec::len), Some(visible));
        assert_eq!(platform.fte.number(stored).await, i64::try_from(visible).unwrap());
        let named =
            platform.post(&format!("{path}/actions"), &act(&seq, json!({ "name": { "patterns": ["CDLDOJI"] } }))).await;
        assert_eq!((named.status, &named.body["bars"]), (200, &json!([])), "{}", named.text);
        seq = platform.post(&format!("{path}/actions"), &act(&named.body["seq"], json!({ "advance": {} }))).await.body
            ["seq"]
            .clone();
    }
    assert_eq!(platform.fte.number(stored).await, 33);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_trading_is_away_nothing_is_half_written() {
    let mut platform = platform().await;
    let (path, made) = begin(&platform, "backtest").await;
    platform.market.close().await;
    for key in ["later", "later"] {
        let refused = platform.post_as(key, "/scenarios", &exercise("backtest")).await;
        assert!(refused.is(catalogue::DEPENDENCY_UNAVAILABLE), "{}", refused.text);
        assert_eq!(refused.header("retry-after"), "1");
    }
    assert_eq!((platform.rows("interactive_test_scenarios").await, platform.rows("idempotency_keys").await), (1, 0));
    let advance = act(&made["seq"], json!({ "advance": { "bars": 2 } }));
    let refused = platform.post(&format!("{path}/actions"), &advance).await;
    assert!(refused.is(catalogue::DEPENDENCY_UNAVAILABLE) && refused.header("retry-after") == "1", "{}", refused.text);
    let read = platform.get(&path).await;
    assert_eq!(
        (&read.body["seq"], &read.body["bars"], &read.body["results"]),
        (&made["seq"], &made["bars"], &made["results"])
    );
    assert_eq!(read.body["user_actions"][0]["done"], Value::Null);

    platform.market.reopen().await;
    let done = platform.post(&format!("{path}/actions"), &advance).await;
    assert_eq!((done.status, done.body["bars"].as_array().map(Vec::len)), (200, Some(2)), "{}", done.text);
    assert_eq!((platform.rows("scenario_actions").await, platform.rows("scenario_outcomes").await), (1, 1));
    let begun = platform.post_as("later", "/scenarios", &exercise("backtest")).await;
    let again = platform.post_as("later", "/scenarios", &exercise("backtest")).await;
    assert_eq!((begun.status, begun.replayed(), again.replayed()), (201, false, true), "{}", begun.text);
    assert_eq!(again.body, begun.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_got_lost_is_found_again() {
    let platform = platform().await;
    let (path, made) = begin(&platform, "backtest").await;
    let actions = format!("{path}/actions");
    platform.market.lose(1);
    let lost = platform.post(&actions, &act(&made["seq"], buy("10"))).await;
    assert!(lost.is(catalogue::DEPENDENCY_UNAVAILABLE), "{}", lost.text);
    let found = platform.post(&actions, &act(&made["seq"], buy("10"))).await;
    assert_eq!((found.status, &found.body["rows"][0]["type"]), (200, &json!("placed")), "{}", found.text);
    assert_eq!(
        (found.body["rows"].as_array().map(Vec::len), &found.body["results"]["open_orders"]),
        (Some(1), &json!(1))
    );

    // Whatever is sent next, what is under way comes first: it was decided, and may have been done.
    platform.market.lose(1);
    let lost = platform.post(&actions, &act(&found.body["seq"], json!({ "advance": { "bars": 2 } }))).await;
    assert!(lost.is(catalogue::DEPENDENCY_UNAVAILABLE), "{}", lost.text);
    let other = platform.post(&actions, &act(&found.body["seq"], buy("20"))).await;
    assert!(other.is(catalogue::SEQUENCE_GAP), "{}", other.text);
    let read = platform.get(&path).await;
    assert_eq!(read.body["bars"].as_array().map(Vec::len), Some(32), "{}", read.text);
    assert_eq!(read.body["results"]["position"]["quantity"], json!("10"));
    assert_eq!((platform.rows("scenario_actions").await, platform.rows("scenario_outcomes").await), (2, 2));

    // A beginning that got lost is begun anew.
    platform.market.lose(1);
    let lost = platform.post_as("begin", "/scenarios", &exercise("backtest")).await;
    assert!(lost.is(catalogue::DEPENDENCY_UNAVAILABLE), "{}", lost.text);
    assert_eq!(platform.post_as("begin", "/scenarios", &exercise("backtest")).await.status, 201);
    assert_eq!(platform.rows("interactive_test_scenarios").await, 2);
}

/// What a request for an exercise writes down before it asks, and then its pod is gone.
async fn crash(platform: &Platform, key: &'static str) -> String {
    let fees = Some(Fees { rate_ppm: 1000, fixed: "1.00".to_owned() });
    let wanted = Wish {
        belongs: Belongs::Module("risk".to_owned(), ANN.parse().unwrap(), ACCOUNT.parse().unwrap()),
        scenario_type: "backtest",
        config: Config { bars: 33, cash: Some("1000000.00".to_owned()), fees },
    };
    let header = (HeaderName::from_static("idempotency-key"), HeaderValue::from_static(key));
    let key = Key::of(&HeaderMap::from_iter([header])).unwrap();
    let (id, claim) = Claim::of_create("scenarios", key, &wanted).unwrap();
    wish(&platform.state.db.at_work(), id, &wanted, 7, claim, Reach::ALL).await.unwrap();
    id.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_beginning_that_was_cut_short_is_mended_by_asking_again() {
    let platform = platform().await;
    let id = crash(&platform, "crash").await;
    let read = platform.get(&format!("/scenarios/{id}")).await;
    assert_eq!((read.status, &read.body["seq"], &read.body["bars"]), (200, &Value::Null, &json!([])), "{}", read.text);
    let early = platform.post(&format!("/scenarios/{id}/actions"), &act(&json!(31), json!({ "advance": {} }))).await;
    assert!(early.is(catalogue::NOT_FOUND), "{}", early.text);
    let begun = platform.post_as("crash", "/scenarios", &exercise("backtest")).await;
    assert_eq!((begun.status, begun.replayed(), begun.text("scenario_id")), (201, true, id), "{}", begun.text);
    assert_eq!(begun.body["bars"].as_array().map(Vec::len), Some(30));
    assert_eq!(platform.rows("interactive_test_scenarios").await, 1);

    // What nobody asks for again goes, once its key has gone.
    crash(&platform, "lost").await;
    let stop = CancellationToken::new();
    sweeper::turn(&platform.state.scenarios_at_work(), &stop).await.unwrap();
    assert_eq!(platform.rows("interactive_test_scenarios").await, 2);
    let age = "UPDATE svc.interactive_test_scenarios SET created_at = now() - interval '26 hours'";
    platform.fte.execute(age).await;
    sweeper::turn(&platform.state.scenarios_at_work(), &stop).await.unwrap();
    assert_eq!(platform.rows("interactive_test_scenarios").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_sending_the_same_one_acts() {
    let platform = Arc::new(platform().await);
    let (path, made) = begin(&platform, "backtest").await;
    let racing: Vec<_> = (0..6)
        .map(|_| {
            let (platform, path, body) =
                (Arc::clone(&platform), format!("{path}/actions"), act(&made["seq"], buy("10")));
            tokio::spawn(async move { platform.post(&path, &body).await })
        })
        .collect();
    let mut answers = Vec::new();
    for racer in racing {
        let answer = racer.await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        answers.push(answer.body);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!((platform.rows("scenario_actions").await, &answers[0]["results"]["open_orders"]), (1, &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_is_a_problem() {
    let platform = platform().await;
    let with = |field: &str, value: Value| {
        let mut body = exercise("backtest");
        body[field] = value;
        body
    };
    for (body, kind, pointer) in [
        (with("scenario_type", json!("paper")), catalogue::INVALID_VALUE, "/scenario_type"),
        (with("bars", json!(30)), catalogue::INVALID_VALUE, "/bars"),
        (with("cash", json!("-1")), catalogue::INVALID_VALUE, "/cash"),
        (with("cash", json!(1.5)), catalogue::INVALID_BODY, ""),
        (with("seed", json!(1)), catalogue::INVALID_BODY, ""),
        (with("session_id", json!(NOBODY)), catalogue::INVALID_VALUE, "/session_id"),
        (with("module", json!("none")), catalogue::INVALID_VALUE, "/module"),
        (with("human_name_id", json!(NOBODY)), catalogue::INVALID_VALUE, "/human_name_id"),
        (
            json!({ "session_id": NOBODY, "scenario_type": "backtest", "bars": 60 }),
            catalogue::INVALID_VALUE,
            "/session_id",
        ),
    ] {
        let answer = platform.post_as("one-key", "/scenarios", &body).await;
        assert!(answer.is(kind) && answer.pointer() == pointer, "{body}: {}", answer.text);
    }
    assert_eq!((platform.rows("interactive_test_scenarios").await, platform.market.calls()), (0, 0));
    let (path, made) = begin(&platform, "backtest").await;
    for (action, kind) in [
        (json!({ "jump": {} }), catalogue::INVALID_BODY),
        (json!({ "order": { "side": "buy", "quantity": 1 } }), catalogue::INVALID_BODY),
        (buy("0"), catalogue::INVALID_VALUE),
        (json!({ "name": { "patterns": [] } }), catalogue::INVALID_VALUE),
    ] {
        let answer = platform.post(&format!("{path}/actions"), &act(&made["seq"], action)).await;
        assert!(answer.is(kind), "{}", answer.text);
    }
    assert!(platform.get(&format!("/scenarios/{NOBODY}")).await.is(catalogue::NOT_FOUND));
    let nobody = format!("/scenarios/{NOBODY}/actions");
    assert!(platform.post(&nobody, &act(&json!(0), buy("1"))).await.is(catalogue::NOT_FOUND));
}
