//! The start of sessions: who may, who may not and why, and how many run.

use std::collections::HashSet;
use std::sync::Arc;

use crate::platform::{ACCOUNT, ANN, BOB, NOBODY, Platform, wish};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_asks_what_its_module_asks() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let made = platform.begin(ANN, "risk").await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.text("session_id");
    assert_eq!(made.header("location"), format!("/api/fte/sessions/{id}"));
    for (field, value) in [
        ("human_name_id", json!(ANN)),
        ("account_id", json!(ACCOUNT)),
        ("module", json!("risk")),
        ("test_type", json!("module_quiz")),
        ("status", json!("in_progress")),
        ("pass_bp", json!(7000)),
        ("points_total", json!(10)),
        ("points_earned", Value::Null),
        ("passed", Value::Null),
        ("completed_at", Value::Null),
    ] {
        assert_eq!(made.body[field], value, "{field}");
    }
    let first = &made.body["questions"][0];
    assert_eq!(
        (&first["kind"], &first["revision"], &first["answer"]),
        (&json!("single_choice"), &json!(0), &Value::Null)
    );
    let read = platform.get(&format!("/sessions/{id}")).await;
    assert_eq!((read.status, read.header("cache-control"), &read.body), (200, "no-store", &made.body));
    let seconds = "SELECT extract(epoch FROM expires_at - started_at)::bigint FROM svc.test_sessions";
    assert_eq!(platform.fte.number(seconds).await, 600);
    let progress = platform.get(&format!("/progress/{ANN}")).await;
    assert_eq!(progress.body["courses"][0]["current_module"], json!("risk"));
    assert_eq!(platform.get(&format!("/progress/{BOB}")).await.body["courses"], json!([]));
    for path in [format!("/sessions/{NOBODY}"), "/sessions/1".to_owned(), "/progress/1".to_owned()] {
        assert!(platform.get(&path).await.is(catalogue::NOT_FOUND), "{path}");
    }
    assert!(platform.complete(NOBODY).await.is(catalogue::NOT_FOUND));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_is_refused_for_each_reason_and_writes_nothing() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let empty = json!({ "code": "empty", "course": "fte", "test_type": "module_quiz", "title": "Empty", "pass_bp": 1, "time_limit_s": 60 });
    assert_eq!(platform.post("/modules", &empty).await.status, 201);
    let elsewhere = json!({ "human_name_id": ANN, "account_id": NOBODY, "module": "risk" });
    for (body, kind, pointer) in [
        (wish(NOBODY, "risk"), catalogue::INVALID_VALUE, "/human_name_id"),
        (wish("1", "risk"), catalogue::INVALID_VALUE, "/human_name_id"),
        (elsewhere, catalogue::INVALID_VALUE, "/account_id"),
        (wish(ANN, "none"), catalogue::INVALID_VALUE, "/module"),
        (wish(ANN, "empty"), catalogue::INVALID_VALUE, "/module"),
        (json!({ "module": "risk" }), catalogue::INVALID_BODY, ""),
    ] {
        let answer = platform.post_as("one-key", "/sessions", &body).await;
        assert!(answer.is(kind) && answer.pointer() == pointer, "{body}: {}", answer.text);
    }
    for (permission, kind) in [
        ("no_role", catalogue::NOT_PERMITTED),
        ("role_too_low", catalogue::NOT_PERMITTED),
        ("not_verified", catalogue::NOT_PERMITTED),
        ("verification_unknown", catalogue::DEPENDENCY_UNAVAILABLE),
    ] {
        platform.others.say().permission = permission;
        let answer = platform.post_as("one-key", "/sessions", &wish(ANN, "risk")).await;
        assert!(answer.is(kind), "{permission}: {}", answer.text);
        assert!(kind != catalogue::NOT_PERMITTED || answer.text("detail").contains(permission), "{}", answer.text);
    }
    *platform.others.say() = Default::default();
    for (entitlement, why) in
        [((false, "no_subscription", ""), "no_subscription"), ((false, "not_paid", "past_due"), "past_due")]
    {
        platform.others.say().entitlement = entitlement;
        let answer = platform.post_as("one-key", "/sessions", &wish(ANN, "risk")).await;
        assert!(answer.is(catalogue::NOT_ENTITLED) && answer.text("detail").contains(why), "{}", answer.text);
    }
    *platform.others.say() = Default::default();
    for service in ["identity", "account", "billing"] {
        platform.others.say().away = Some(service);
        // Identity has told that Ann exists; that is kept.
        let person = if service == "identity" { BOB } else { ANN };
        let answer = platform.post_as("one-key", "/sessions", &wish(person, "risk")).await;
        assert!(answer.is(catalogue::DEPENDENCY_UNAVAILABLE), "{service}: {}", answer.text);
        assert!(answer.text("detail").contains(service) && answer.header("retry-after") == "1", "{}", answer.text);
    }
    for table in ["test_sessions", "session_questions", "user_progress"] {
        assert_eq!(platform.rows(table).await, 0, "{table}");
    }
    // Identity away: who is known goes on. The key of a refused request is still good.
    platform.others.say().away = Some("identity");
    assert_eq!(platform.post_as("one-key", "/sessions", &wish(ANN, "risk")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_attempt_that_was_not_passed_there_is_a_pause() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let terms = json!({ "title": "Risk", "pass_bp": 7000, "time_limit_s": 600, "retry_pause_s": 60 });
    let changed = platform.put("/modules/risk", "\"1\"", &terms).await;
    assert_eq!((changed.status, &changed.body["retry_pause_s"]), (200, &json!(60)), "{}", changed.text);
    let (failed, _) = platform.session(ANN, "risk").await;
    platform.complete(&failed).await;
    let refused = platform.post_as("again", "/sessions", &wish(ANN, "risk")).await;
    assert!(refused.is(catalogue::TOO_MANY_REQUESTS), "{}", refused.text);
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    // Another person and, in another module, the same one don't wait.
    platform.module("chance", "module_quiz").await;
    assert_eq!(platform.begin(BOB, "risk").await.status, 201);
    assert_eq!(platform.begin(ANN, "chance").await.status, 201);

    let earlier = "UPDATE svc.test_sessions SET completed_at = now() - interval '61 seconds'";
    platform.fte.execute(&format!("{earlier} WHERE id = '{failed}'")).await;
    let begun = platform.post_as("again", "/sessions", &wish(ANN, "risk")).await;
    assert_eq!((begun.status, begun.replayed()), (201, false), "{}", begun.text);
    // What the clock has ended was an attempt too, also if nobody has looked since.
    let age = "UPDATE svc.test_sessions SET expires_at = now() - interval '10 seconds' WHERE id";
    platform.fte.execute(&format!("{age} = '{}'", begun.text("session_id"))).await;
    let refused = platform.begin(ANN, "risk").await;
    assert!(refused.is(catalogue::TOO_MANY_REQUESTS), "{}", refused.text);
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=50).contains(&seconds), "{seconds}");
    platform.fte.execute(&format!("{earlier} WHERE status <> 'in_progress'")).await;
    // Whoever has passed may go on at once.
    platform.pass(ANN, "risk").await;
    assert_eq!(platform.begin(ANN, "risk").await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_starts_one_runs() {
    let platform = Arc::new(Platform::start().await);
    platform.module("risk", "module_quiz").await;
    platform.module("chance", "module_quiz").await;
    let racing: Vec<_> = (0..16)
        .map(|n| {
            let platform = Arc::clone(&platform);
            tokio::spawn(async move {
                if n % 2 == 0 {
                    platform.begin(ANN, "risk").await
                } else {
                    platform.post_as(&format!("racer-{n}"), "/sessions", &wish(ANN, "risk")).await
                }
            })
        })
        .collect();
    let mut made = 0;
    for racer in racing {
        let answer = racer.await.unwrap();
        made += u32::from(answer.status == 201);
        assert!(answer.status == 201 || answer.is(catalogue::ALREADY_EXISTS), "{}", answer.text);
    }
    assert_eq!((made, platform.rows("test_sessions").await), (1, 1));
    let refused = platform.begin(ANN, "risk").await;
    let running = platform.fte.number("SELECT count(*) FROM svc.test_sessions WHERE status = 'in_progress'").await;
    assert!(refused.is(catalogue::ALREADY_EXISTS) && refused.text("detail").ends_with("runs"), "{}", refused.text);
    assert_eq!(running, 1);
    // Another module and another person are others.
    assert_eq!(platform.begin(ANN, "chance").await.status, 201);
    assert_eq!(platform.begin(BOB, "risk").await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_under_one_key_get_one_session() {
    let platform = Arc::new(Platform::start().await);
    platform.module("risk", "module_quiz").await;
    let racing: Vec<_> = (0..12)
        .map(|_| {
            let platform = Arc::clone(&platform);
            tokio::spawn(async move { platform.post_as("twins", "/sessions", &wish(ANN, "risk")).await })
        })
        .collect();
    let mut ids = HashSet::new();
    for twin in racing {
        let answer = twin.await.unwrap();
        if answer.status == 201 {
            ids.insert(answer.text("session_id"));
        } else {
            assert!(answer.is(catalogue::IN_PROGRESS), "{}", answer.text);
        }
    }
    assert_eq!((ids.len(), platform.rows("test_sessions").await), (1, 1));
    let replay = platform.post_as("twins", "/sessions", &wish(ANN, "risk")).await;
    assert!(replay.replayed() && ids.contains(&replay.text("session_id")));
    assert!(platform.post_as("twins", "/sessions", &wish(BOB, "risk")).await.is(catalogue::KEY_REUSED));
    // What decides isn't repeated from memory.
    platform.others.say().entitlement = (false, "not_paid", "unpaid");
    assert!(platform.post_as("twins", "/sessions", &wish(ANN, "risk")).await.is(catalogue::NOT_ENTITLED));
}
