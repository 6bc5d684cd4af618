//! Answers while a session runs, and its end by its person or by the clock.

use crate::platform::{ANN, NOBODY, Platform, right};
use rerp_fte::sweeper;
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_saved_by_revision() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let (session, questions) = platform.session(ANN, "risk").await;
    let question = &questions[0];
    let first = platform.answer(&session, question, 0, json!({ "choices": ["a"] })).await;
    assert_eq!((first.status, &first.body["revision"]), (200, &json!(1)), "{}", first.text);
    // The same request again is a repetition; another answer with the old revision is a stale one.
    let again = platform.answer(&session, question, 0, json!({ "choices": ["a"] })).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let stale = platform.answer(&session, question, 0, json!({ "choices": ["b"] })).await;
    assert!(stale.is(catalogue::SEQUENCE_GAP) && stale.pointer() == "/expected_revision", "{}", stale.text);
    let second = platform.answer(&session, question, 1, json!({ "choices": ["b"] })).await;
    assert_eq!(second.body["revision"], json!(2));
    let third = platform.answer(&session, question, 2, json!({ "choices": [] })).await;
    assert_eq!(third.body["revision"], json!(3), "an answer may be taken back");

    let number = platform.answer(&session, &questions[2], 0, json!({ "value": "-1.5" })).await;
    assert_eq!(number.body["revision"], json!(1), "{}", number.text);
    let read = platform.get(&format!("/sessions/{session}")).await;
    assert_eq!(read.body["questions"][0]["answer"], json!({ "choices": [] }));
    assert_eq!(read.body["questions"][2]["answer"], json!({ "value": "-1.50" }));
    for (question, answer, kind, pointer) in [
        (questions[0].as_str(), json!({ "choices": ["a", "b"] }), catalogue::INVALID_VALUE, "/answer"),
        (&questions[0], json!({ "choices": ["x"] }), catalogue::INVALID_VALUE, "/answer"),
        (&questions[2], json!({ "value": "1.555" }), catalogue::INVALID_VALUE, "/answer"),
        (&questions[2], json!({ "value": 1.5 }), catalogue::INVALID_BODY, ""),
        (&questions[2], json!({}), catalogue::INVALID_VALUE, "/answer"),
        (NOBODY, json!({ "value": "1" }), catalogue::INVALID_VALUE, "/question_id"),
    ] {
        let refused = platform.answer(&session, question, 3, answer).await;
        assert!(refused.is(kind) && refused.pointer() == pointer, "{}", refused.text);
    }
    assert!(platform.answer(NOBODY, question, 0, json!({ "choices": ["a"] })).await.is(catalogue::NOT_FOUND));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_do_not_overwrite_each_other() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let (session, questions) = platform.session(ANN, "risk").await;
    let tab = |choice| platform.answer(&session, &questions[0], 0, json!({ "choices": [choice] }));
    let (a, b, c) = tokio::join!(tab("a"), tab("b"), tab("c"));
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_in_no_answer_and_judgements_in_none_before_it_is_passed() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let started = platform.begin(ANN, "risk").await;
    let session = started.text("session_id");
    let question = started.body["questions"][2]["question_id"].as_str().unwrap().to_owned();
    let wrong = platform.answer(&session, &question, 0, json!({ "value": "1" })).await;
    let near = platform.answer(&session, &question, 1, json!({ "value": "73219" })).await;
    let read = platform.get(&format!("/sessions/{session}")).await;
    for answer in [&started, &wrong, &near, &read] {
        let text = answer.text.replace("\"is_correct\":null", "").replace("\"points_awarded\":null", "");
        for hint in ["correct", "tolerance", "73219.25", "7321925", "awarded", "exact"] {
            assert!(!text.contains(hint), "{hint}: {text}");
        }
    }
    assert_eq!(wrong.body.as_object().map(serde_json::Map::len), near.body.as_object().map(serde_json::Map::len));
    // Not passed: the points and no more. Passed: what was right of what was answered, and still not what would be.
    let failed = platform.complete(&session).await;
    assert_eq!((&failed.body["passed"], &failed.body["points_earned"]), (&json!(false), &json!(5)));
    for question in failed.body["questions"].as_array().unwrap() {
        assert_eq!((&question["is_correct"], &question["points_awarded"]), (&Value::Null, &Value::Null), "{question}");
    }
    let (session, questions) = platform.session(ANN, "risk").await;
    platform.answer(&session, &questions[1], 0, right()[1].clone()).await;
    platform.answer(&session, &questions[2], 0, json!({ "value": "73219" })).await;
    let passed = platform.complete(&session).await;
    let told: Vec<&Value> = (0..3).map(|at| &passed.body["questions"][at]["points_awarded"]).collect();
    assert_eq!(told, [&Value::Null, &json!(4), &json!(5)], "{}", passed.text);
    assert_eq!(passed.body["questions"][2]["is_correct"], json!(true));
    for ended in [&failed, &passed] {
        assert!(!ended.text.contains("73219.25") && !ended.text.contains("tolerance"), "{}", ended.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completed_twice_is_answered_twice_the_same() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    // 1 and 5 of 10 points are right: below 70 %.
    let (session, questions) = platform.session(ANN, "risk").await;
    platform.answer(&session, &questions[0], 0, right()[0].clone()).await;
    platform.answer(&session, &questions[1], 0, json!({ "choices": ["a"] })).await;
    platform.answer(&session, &questions[2], 0, right()[2].clone()).await;
    let first = platform.complete(&session).await;
    assert_eq!((first.status, &first.body["status"], &first.body["passed"]), (200, &json!("failed"), &json!(false)));
    assert_eq!(first.body["points_earned"], json!(6));
    assert_eq!(platform.complete(&session).await.body, first.body);
    assert_eq!(platform.get(&format!("/sessions/{session}")).await.body, first.body);
    let late = platform.answer(&session, &questions[1], 1, right()[1].clone()).await;
    assert!(late.is(catalogue::ENDED), "{}", late.text);
    // The next try is another session.
    let passed = platform.pass(ANN, "risk").await;
    assert_eq!((&passed.body["status"], &passed.body["points_earned"]), (&json!("completed"), &json!(10)));
    assert_eq!(platform.complete(&session).await.body, first.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_time_a_session_is_graded_on_what_was_saved() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let (session, questions) = platform.session(ANN, "risk").await;
    platform.answer(&session, &questions[2], 0, right()[2].clone()).await;
    platform.let_expire(&session).await;
    let late = platform.answer(&session, &questions[0], 0, right()[0].clone()).await;
    assert!(late.is(catalogue::ENDED), "{}", late.text);
    let ended = platform.complete(&session).await;
    assert_eq!((&ended.body["status"], &ended.body["points_earned"]), (&json!("expired"), &json!(5)), "{}", ended.text);
    assert_eq!(ended.body["completed_at"], ended.body["expires_at"]);

    // Whoever looks, starts the next one, or sweeps, ends it too; all right in time is passed, whoever ended it.
    let looked = platform.answered(ANN, "risk").await;
    platform.let_expire(&looked).await;
    let read = platform.get(&format!("/sessions/{looked}")).await;
    assert_eq!((&read.body["status"], &read.body["passed"]), (&json!("expired"), &json!(true)), "{}", read.text);
    let left = platform.answered(ANN, "risk").await;
    platform.let_expire(&left).await;
    let swept = platform.answered(ANN, "risk").await;
    assert_eq!(platform.get(&format!("/sessions/{left}")).await.body["status"], json!("expired"));
    platform.let_expire(&swept).await;
    let ended = sweeper::turn(&platform.state.scenarios_at_work(), &CancellationToken::new()).await.unwrap();
    assert_eq!(
        (ended, sweeper::turn(&platform.state.scenarios_at_work(), &CancellationToken::new()).await.unwrap()),
        (1, 0)
    );
    assert_eq!(platform.get(&format!("/sessions/{swept}")).await.body["points_earned"], json!(10));
}
