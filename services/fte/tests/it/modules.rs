//! Modules and the question bank as their editors see them.

use crate::platform::{ANN, NOBODY, Platform, questions};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

fn module(code: &str, with: Value) -> Value {
    let mut body = json!({ "code": code, "course": "fte", "test_type": "module_quiz", "title": "Risk", "pass_bp": 7000, "time_limit_s": 600 });
    for (field, value) in with.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modules_are_added_read_and_changed() {
    let platform = Platform::start().await;
    let made = platform.post_as("risk-1", "/modules", &module("risk", json!({}))).await;
    assert_eq!((made.status, made.header("etag"), made.header("location")), (201, "\"1\"", "/api/fte/modules/risk"));
    let again = platform.post_as("risk-1", "/modules", &module("risk", json!({}))).await;
    assert_eq!((again.status, again.replayed(), &again.body), (201, true, &made.body));
    assert!(platform.post_as("risk-1", "/modules", &module("other", json!({}))).await.is(catalogue::KEY_REUSED));
    let twice = platform.post("/modules", &module("risk", json!({}))).await;
    assert!(twice.is(catalogue::ALREADY_EXISTS) && twice.pointer() == "/code", "{}", twice.text);
    let last = json!({ "test_type": "final_assessment", "certificate_days": 365 });
    assert_eq!(platform.post("/modules", &module("final", last.clone())).await.status, 201);
    let second = platform.post("/modules", &module("final-2", last)).await;
    assert!(second.is(catalogue::ALREADY_EXISTS) && second.pointer() == "/course", "{}", second.text);

    assert_eq!(made.body["retry_pause_s"], json!(900), "what is usual");
    let read = platform.get("/modules/risk").await;
    assert_eq!((read.status, &read.body), (200, &made.body));
    assert_eq!(platform.send("GET", "/modules/risk", &[("if-none-match", "\"1\"")], None).await.status, 304);
    let terms = json!({ "title": "Risk and return", "pass_bp": 6667, "time_limit_s": 900 });
    let changed = platform.put("/modules/risk", "\"1\"", &terms).await;
    assert_eq!((changed.status, changed.header("etag"), &changed.body["pass_bp"]), (200, "\"2\"", &json!(6667)));
    assert_eq!(
        platform.put("/modules/risk", "\"2\"", &terms).await.header("etag"),
        "\"2\"",
        "nothing new is no change"
    );
    assert_eq!(changed.body["retry_pause_s"], json!(900), "left out, it stays");
    assert!(platform.put("/modules/risk", "\"1\"", &terms).await.is(catalogue::CHANGED_MEANWHILE));
    assert!(platform.send("PUT", "/modules/risk", &[], Some(&terms)).await.is(catalogue::VERSION_REQUIRED));
    assert!(platform.put("/modules/none", "\"1\"", &terms).await.is(catalogue::NOT_FOUND));
    let days = json!({ "title": "Risk", "pass_bp": 1, "time_limit_s": 900, "certificate_days": 5 });
    assert_eq!(platform.put("/modules/risk", "\"2\"", &days).await.pointer(), "/certificate_days");

    let page = platform.get("/modules?limit=1").await;
    let next = page.text("next_cursor");
    let rest = platform.get(&format!("/modules?limit=1&cursor={next}")).await;
    assert_eq!((&page.body["items"][0]["code"], &rest.body["items"][0]["code"]), (&json!("risk"), &json!("final")));
    assert_eq!(rest.body["next_cursor"], Value::Null);
    for (body, kind, pointer) in [
        (module("R", json!({})), catalogue::INVALID_VALUE, "/code"),
        (module("r2", json!({ "pass_bp": 10_001 })), catalogue::INVALID_VALUE, "/pass_bp"),
        (module("r2", json!({ "retry_pause_s": -1 })), catalogue::INVALID_VALUE, "/retry_pause_s"),
        (module("r2", json!({ "pass_bp": 70.5 })), catalogue::INVALID_BODY, ""),
        (module("r2", json!({ "color": "red" })), catalogue::INVALID_BODY, ""),
    ] {
        let answer = platform.post("/modules", &body).await;
        assert!(answer.is(kind) && answer.pointer() == pointer, "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_of_a_question_is_for_new_sessions() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let list = platform.get("/modules/risk/questions").await;
    let first = &list.body["items"][0];
    let path = format!("/questions/{}", first["question_id"].as_str().unwrap());
    let (session, _) = platform.session(ANN, "risk").await;
    let before = platform.get(&format!("/sessions/{session}")).await;

    let mut other = questions()[0].clone();
    other["points"] = json!(7);
    other["correct"] = json!({ "choices": ["a"] });
    let changed = platform.put(&path, "\"1\"", &other).await;
    assert_eq!((changed.status, changed.header("etag"), &changed.body["points"]), (200, "\"2\"", &json!(7)));
    assert!(platform.put(&path, "\"1\"", &other).await.is(catalogue::CHANGED_MEANWHILE));
    assert!(platform.put(&format!("/questions/{NOBODY}"), "\"1\"", &other).await.is(catalogue::NOT_FOUND));
    assert_eq!(platform.get(&format!("/sessions/{session}")).await.body, before.body, "pinned");

    platform.answer(&session, first["question_id"].as_str().unwrap(), 0, json!({ "choices": ["b"] })).await;
    let ended = platform.complete(&session).await;
    assert_eq!((&ended.body["points_earned"], &ended.body["points_total"]), (&json!(1), &json!(10)), "{}", ended.text);
    other["retired"] = json!(true);
    assert_eq!(platform.put(&path, "\"2\"", &other).await.status, 200);
    let next = platform.begin(ANN, "risk").await;
    assert_eq!((next.status, &next.body["points_total"]), (201, &json!(9)), "{}", next.text);
    assert_eq!(next.body["questions"].as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_questions_are_not_even_shown_to_who_typed_them() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let path = "/modules/risk/questions";
    let made = platform.post_as("q-1", path, &questions()[2]).await;
    let again = platform.post_as("q-1", path, &questions()[2]).await;
    assert_eq!((made.status, again.replayed(), &again.body), (201, true, &made.body));
    let mut other = questions()[2].clone();
    other["correct"] = json!({ "value": "1" });
    assert!(platform.post_as("q-1", path, &other).await.is(catalogue::KEY_REUSED));
    let list = platform.get(path).await;
    for answer in [&made, &again, &list] {
        assert!(!answer.text.contains("correct") && !answer.text.contains("73219"), "{}", answer.text);
    }
    let stored =
        platform.fte.number("SELECT count(*) FROM svc.idempotency_keys WHERE answer::text LIKE '%73219%'").await;
    assert_eq!(stored, 0);
    for (field, value, pointer) in [
        ("correct", json!({ "value": "1.555" }), "/correct/value"),
        ("correct", json!({ "choices": ["a"] }), "/correct/value"),
        ("decimals", json!(9), "/decimals"),
        ("points", json!(0), "/points"),
        ("retired", json!(true), "/retired"),
    ] {
        let mut wrong = questions()[2].clone();
        wrong[field] = value;
        let answer = platform.post(path, &wrong).await;
        assert!(answer.is(catalogue::INVALID_VALUE) && answer.pointer() == pointer, "{}", answer.text);
    }
    assert!(platform.post("/modules/none/questions", &questions()[0]).await.is(catalogue::NOT_FOUND));
    assert!(platform.get("/modules/none/questions").await.is(catalogue::NOT_FOUND));
}
