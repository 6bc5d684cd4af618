//! Certificates: earned once, renewed, revoked, and verified by everybody.

use std::sync::Arc;

use crate::platform::{ANN, BOB, NOBODY, Platform};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

pub(crate) async fn course() -> Platform {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    platform.module("chance", "module_quiz").await;
    platform.module("final", "final_assessment").await;
    platform
}

pub(crate) async fn certificates(platform: &Platform, person: &str) -> Vec<Value> {
    let answer = platform.get(&format!("/certificates/{person}")).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.text);
    answer.body["items"].as_array().unwrap().clone()
}

async fn verify(platform: &Platform, certificate: &Value) -> Value {
    let token = certificate["verification_token"].as_str().unwrap();
    let answer = platform.get(&format!("/certificates/verify/{token}")).await;
    assert_eq!((answer.status, answer.header("x-robots-tag")), (200, "noindex"), "{}", answer.text);
    for personal in [ANN, BOB, "human_name_id", "account_id", "session_id", "reason"] {
        assert!(!answer.text.contains(personal), "{personal}: {}", answer.text);
    }
    answer.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_thing_passed_earns_the_certificate() {
    let platform = course().await;
    for module in ["final", "risk"] {
        assert_eq!(platform.pass(ANN, module).await.body["certificate_id"], Value::Null, "{module}");
    }
    let progress = platform.get(&format!("/progress/{ANN}")).await;
    let course = &progress.body["courses"][0];
    assert_eq!((&course["modules_total"], &course["modules_passed"]), (&json!(2), &json!(1)));
    assert_eq!((&course["overall_progress"], &course["fte_certificate_issued"]), (&json!(50), &json!(false)));
    assert!(course["final_passed_at"].is_string());

    let last = platform.pass(ANN, "chance").await;
    let all = certificates(&platform, ANN).await;
    assert_eq!((all.len(), &all[0]["certificate_id"]), (1, &last.body["certificate_id"]));
    assert_eq!(platform.complete(&last.text("session_id")).await.body, last.body);
    let course = platform.get(&format!("/progress/{ANN}")).await.body["courses"][0].clone();
    assert_eq!((&course["overall_progress"], &course["fte_certificate_issued"]), (&json!(100), &json!(true)));
    assert_eq!(course["modules_completed"], json!(["risk", "chance"]));
    // Passing more earns nothing more; others have nothing.
    platform.pass(ANN, "final").await;
    platform.pass(ANN, "risk").await;
    assert_eq!((certificates(&platform, ANN).await.len(), certificates(&platform, BOB).await.len()), (1, 0));
    let days = "SELECT round(extract(epoch FROM expires_at - issued_at) / 86400)::bigint FROM svc.fte_certificates";
    assert_eq!(platform.fte.number(days).await, 365);

    let seen = verify(&platform, &all[0]).await;
    assert_eq!((&seen["state"], &seen["course"]), (&json!("valid"), &json!("fte")));
    assert_eq!(seen["certificate_number"], all[0]["certificate_number"]);
    for nobody in ["0".repeat(64), "x".to_owned(), all[0]["verification_token"].as_str().unwrap().to_uppercase()] {
        assert!(platform.get(&format!("/certificates/verify/{nobody}")).await.is(catalogue::NOT_FOUND), "{nobody}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_ends_issue_one_certificate() {
    for _ in 0..5 {
        let platform = Arc::new(course().await);
        platform.pass(ANN, "risk").await;
        let mut sessions = Vec::new();
        for module in ["chance", "final"] {
            sessions.push(platform.answered(ANN, module).await);
        }
        // Each of both sessions twice, all at the same moment.
        let racing: Vec<_> = [&sessions[0], &sessions[1], &sessions[0], &sessions[1]]
            .map(|session| {
                let (platform, session) = (Arc::clone(&platform), session.clone());
                tokio::spawn(async move { platform.complete(&session).await })
            })
            .into_iter()
            .collect();
        let mut answers = Vec::new();
        for racer in racing {
            let answer = racer.await.unwrap();
            assert_eq!((answer.status, &answer.body["passed"]), (200, &json!(true)), "{}", answer.text);
            answers.push(answer.body);
        }
        assert_eq!((&answers[0], &answers[1]), (&answers[2], &answers[3]));
        let named = answers.iter().filter(|answer| answer["certificate_id"].is_string()).count();
        assert_eq!((platform.rows("fte_certificates").await, named), (1, 2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_revoked_or_has_expired_is_renewed_by_the_final_assessment() {
    let platform = course().await;
    for module in ["risk", "chance", "final"] {
        platform.pass(ANN, module).await;
    }
    let first = certificates(&platform, ANN).await.remove(0);
    let path = format!("/certificates/{}/revoke", first["certificate_id"].as_str().unwrap());
    let revoked = platform.post(&path, &json!({ "reason": "Somebody else took the test" })).await;
    assert_eq!((revoked.status, &revoked.body["state"]), (200, &json!("revoked")), "{}", revoked.text);
    let again = platform.post(&path, &json!({ "reason": "Another" })).await;
    assert_eq!(again.body, revoked.body, "the first reason stays");
    assert_eq!(platform.post(&path, &json!({ "reason": " " })).await.pointer(), "/reason");
    let nobody = format!("/certificates/{NOBODY}/revoke");
    assert!(platform.post(&nobody, &json!({ "reason": "x" })).await.is(catalogue::NOT_FOUND));
    assert_eq!(verify(&platform, &first).await["state"], json!("revoked"));

    platform.pass(ANN, "risk").await;
    assert_eq!(certificates(&platform, ANN).await.len(), 1, "an easy module renews nothing");
    platform.pass(ANN, "final").await;
    let second = certificates(&platform, ANN).await.remove(1);
    assert_eq!(second["state"], json!("valid"));
    let expire = "UPDATE svc.fte_certificates SET expires_at = now() - interval '1 second' WHERE validity = 2";
    platform.fte.execute(expire).await;
    assert_eq!(verify(&platform, &second).await["state"], json!("expired"));
    platform.pass(ANN, "final").await;
    let all = certificates(&platform, ANN).await;
    let states: Vec<&Value> = all.iter().map(|one| &one["state"]).collect();
    assert_eq!(states, [&json!("revoked"), &json!("expired"), &json!("valid")]);
    let page = platform.get(&format!("/certificates/{ANN}?limit=2")).await;
    assert_eq!(page.body["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(page.body["next_cursor"], all[1]["certificate_id"]);
}
