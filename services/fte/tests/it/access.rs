//! Who may call what: every row of the table as every kind of caller, over mutual TLS, beside stand-ins for what FTE calls; and that nothing of a
//! person's is touched by another one, not even on the way to an answer that says so.

use rerp_fte::access::RULES;
use rerp_kit::access::Assurance;
use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::badges::KEY;
use crate::doors::{Answer, DEAD_LETTER, Doors, Who, case, dead_letters, everybody, same_routes};
use crate::platform::{ANN, BOB, NOBODY, Platform, questions, right, wish};
use crate::scenarios::{act, exercise};

#[test]
fn every_route_has_a_row() {
    same_routes(include_str!("../../src/router.rs"), RULES);
}

fn id(text: &str) -> Uuid {
    text.parse().unwrap()
}

pub(crate) async fn doors(platform: &Platform) -> Doors {
    Doors::open("fte", RULES, platform.with_badges(KEY)).await
}

fn module(code: &str) -> Value {
    json!({ "code": code, "course": "more", "test_type": "module_quiz", "title": "Risk", "pass_bp": 7000, "time_limit_s": 600 })
}

fn answer_to(question: &str) -> Value {
    json!({ "question_id": question, "expected_revision": 0, "answer": right()[0] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taught_is_everybody_s_to_read_and_staff_s_to_write() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    platform.module("final", "final_assessment").await;
    for module in ["risk", "final"] {
        platform.pass(ANN, module).await;
    }
    let certificate = platform.get(&format!("/certificates/{ANN}")).await.body["items"][0].clone();
    let token = certificate["verification_token"].as_str().unwrap();
    let revoke = format!("/api/fte/certificates/{}/revoke", certificate["certificate_id"].as_str().unwrap());
    let question =
        platform.get("/modules/risk/questions").await.body["items"][0]["question_id"].as_str().unwrap().to_owned();
    let (read, staff) = ([401, 200, 200, 403, 200, 403], |status| [401, 403, 403, 403, status, 403]);
    let (code, bank) = ("/api/fte/modules/{code}", "/api/fte/modules/{code}/questions");
    let terms = json!({ "title": "Risk", "pass_bp": 6000, "time_limit_s": 600 });
    let (progress, certificates) = ("/api/fte/progress/{human_name_id}", "/api/fte/certificates/{id}");
    let (theirs, verify) = ([401, 200, 404, 403, 200, 403], "/api/fte/certificates/verify/{token}");
    let badge = "/api/fte/certificates/verify/{token}/credential";
    let extra = "/api/fte/people/{human_name_id}/extra-time";
    let export = "/api/fte/people/{human_name_id}/export";
    let cases = [
        case(Get, "/api/fte/modules", "/api/fte/modules", read),
        case(Post, "/api/fte/modules", "/api/fte/modules", staff(201)).body(module("new")),
        case(Get, code, "/api/fte/modules/risk", read),
        case(Put, code, "/api/fte/modules/risk", staff(200)).header("if-match", "*").body(terms),
        case(Get, bank, "/api/fte/modules/risk/questions", staff(200)),
        case(Get, "/api/fte/modules/{code}/statistics", "/api/fte/modules/risk/statistics", staff(200)),
        case(Post, bank, "/api/fte/modules/risk/questions", staff(201)).body(questions()[0].clone()),
        case(Put, "/api/fte/questions/{id}", &format!("/api/fte/questions/{question}"), staff(200))
            .header("if-match", "*")
            .body(questions()[0].clone()),
        case(Get, progress, &format!("/api/fte/progress/{ANN}"), theirs),
        case(Get, certificates, &format!("/api/fte/certificates/{ANN}"), theirs),
        case(Get, verify, &format!("/api/fte/certificates/verify/{token}"), [200; 6]),
        case(Get, badge, &format!("/api/fte/certificates/verify/{token}/credential"), [200; 6]),
        case(Get, "/api/fte/issuer", "/api/fte/issuer", [200; 6]),
        case(Get, "/api/fte/issuer/did.json", "/api/fte/issuer/did.json", [200; 6]),
        case(Get, "/api/fte/issuer/jwks.json", "/api/fte/issuer/jwks.json", [200; 6]),
        case(Get, "/api/fte/issuer/status/{list}", "/api/fte/issuer/status/1", [200; 6]),
        case(Put, extra, &extra.replace("{human_name_id}", ANN), staff(200)).body(json!({ "percent": 50 })),
        case(Get, extra, &extra.replace("{human_name_id}", ANN), theirs),
        case(Delete, extra, &extra.replace("{human_name_id}", ANN), staff(204)),
        case(Get, export, &export.replace("{human_name_id}", ANN), theirs),
        case(Post, "/api/fte/certificates/{id}/revoke", &revoke, staff(200)).body(json!({ "reason": "A test" })),
    ];
    platform.fte.define(DEAD_LETTER).await;
    let letters = dead_letters("/api/fte/dead-letters", "/api/fte/dead-letters/{id}/replay");
    let cases = [&cases[..], &letters].concat();
    let here: Vec<_> = RULES.iter().filter(|rule| cases.iter().any(|case| case.is_of(rule))).copied().collect();
    assert_eq!(here.len(), RULES.len() - 7, "sessions and scenarios are in the test below");
    everybody(&doors(&platform).await, &here, id(ANN), id(BOB), &cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_and_scenarios_are_the_person_s_whose_they_are() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    platform.module("live", "interactive_scenario").await;
    let (session, asked) = platform.session(ANN, "live").await;
    let scenario = platform.post("/scenarios", &exercise("backtest")).await;
    let (path, seq) = (format!("/api/fte/scenarios/{}", scenario.text("scenario_id")), &scenario.body["seq"]);
    let (one, theirs) = ("/api/fte/sessions/{session_id}", [401, 200, 404, 403, 200, 403]);
    let at = |rest: &str| format!("/api/fte/sessions/{session}{rest}");
    let in_session = json!({ "session_id": session, "scenario_type": "backtest", "bars": 60 });
    let mut nowhere = in_session.clone();
    nowhere["session_id"] = json!(NOBODY);
    let scenarios = "/api/fte/scenarios";
    let cases = [
        // The person has one session in a module: who may start one is told that.
        case(Post, "/api/fte/sessions", "/api/fte/sessions", [401, 201, 403, 403, 409, 403]).body(wish(ANN, "risk")),
        case(Get, one, &at(""), theirs),
        case(Get, one, &format!("/api/fte/sessions/{NOBODY}"), [401, 404, 404, 403, 404, 403]),
        case(Post, "/api/fte/sessions/{session_id}/answers", &at("/answers"), theirs).body(answer_to(&asked[0])),
        case(Post, scenarios, scenarios, [401, 201, 403, 403, 201, 403]).body(exercise("backtest")),
        // Another one's session is answered as one that isn't there.
        case(Post, scenarios, scenarios, [401, 201, 422, 403, 201, 403]).body(in_session),
        case(Post, scenarios, scenarios, [401, 422, 422, 403, 422, 403]).body(nowhere),
        case(Get, "/api/fte/scenarios/{scenario_id}", &path, theirs),
        case(Post, "/api/fte/scenarios/{scenario_id}/actions", &format!("{path}/actions"), theirs)
            .body(act(seq, json!({ "advance": {} }))),
        case(Post, "/api/fte/sessions/{session_id}/complete", &at("/complete"), theirs),
    ];
    let here: Vec<_> = RULES.iter().filter(|rule| cases.iter().any(|case| case.is_of(rule))).copied().collect();
    assert_eq!(here.len(), 7, "the others are in the test above");
    everybody(&doors(&platform).await, &here, id(ANN), id(BOB), &cases).await;
}

async fn post(doors: &Doors, who: &str, path: &str, key: Option<&str>, body: &Value) -> Answer {
    let mut request = doors.request(Who::Person(id(who)), Post, &format!("/api/fte{path}"));
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    doors.answer(request.header("content-type", "application/json").body(body.to_string())).await.expect("an answer")
}

/// What others try leaves a person's session as it was, and their scenario where it was: nothing is ended, saved or sent to the trading service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_touch_nothing() {
    let platform = Platform::start().await;
    platform.module("live", "interactive_scenario").await;
    let doors = doors(&platform).await;
    let (session, asked) = platform.session(ANN, "live").await;
    let body = json!({ "session_id": session, "scenario_type": "backtest", "bars": 60 });
    let made = post(&doors, ANN, "/scenarios", Some("the-same"), &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let actions = format!("/scenarios/{}/actions", made.body["scenario_id"].as_str().unwrap());
    let advance = act(&made.body["seq"], json!({ "advance": {} }));
    // An answer of the trading service gets lost: whoever asks next would have the action sent again.
    platform.market.lose(1);
    assert_eq!(post(&doors, ANN, &actions, None, &advance).await.status, 503);
    let calls = platform.market.calls();
    for (path, key, body, status) in [
        (format!("/sessions/{session}/answers"), None, answer_to(&asked[0]), 404),
        (format!("/sessions/{session}/complete"), None, Value::Null, 404),
        (actions.clone(), None, advance.clone(), 404),
        ("/scenarios".to_owned(), Some("the-same"), body.clone(), 422),
        ("/scenarios".to_owned(), None, body, 422),
    ] {
        let refused = post(&doors, BOB, &path, key, &body).await;
        assert_eq!(refused.status, status, "{path} {}", refused.body);
    }
    let (path, count) = (format!("/api/fte/sessions/{session}"), "SELECT count(*) FROM svc.interactive_test_scenarios");
    let staff = doors.ask(Who::Staff(Assurance::Second), Get, &path, None).await.unwrap();
    assert_eq!((&staff.body["status"], &staff.body["questions"][0]["revision"]), (&json!("in_progress"), &json!(0)));
    assert_eq!((platform.market.calls(), platform.fte.number(count).await), (calls, 1));
    let found = post(&doors, ANN, &actions, None, &advance).await;
    assert_eq!(found.status, 200, "the person goes on: {}", found.body);
    let other = wish(BOB, "live");
    assert_eq!(
        post(&doors, ANN, "/sessions", None, &other).await.status,
        403,
        "nobody starts a session for another one"
    );
    assert_eq!(post(&doors, BOB, "/sessions", None, &other).await.status, 201, "the positive control");
}
