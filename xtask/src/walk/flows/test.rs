//! Three tests, a certificate, and its end. Data only.

use super::super::row::Who::{Ann, Ben, Nobody, Staff};
use super::super::row::{Row, get, post, put};

const CHART: &str = r#"{"code": "$chart", "course": "$course", "test_type": "interactive_scenario", "title": "A market", "pass_bp": 7000, "time_limit_s": 600}"#;
const FINAL: &str = r#"{"code": "$final", "course": "$course", "test_type": "final_assessment", "title": "All of it", "pass_bp": 7000, "time_limit_s": 600, "certificate_days": 365}"#;
const NUMBER: &str =
    r#"{"kind": "numeric", "prompt": "How many bars are there?", "points": 5, "correct": {"value": "60"}}"#;
const CHOICE: &str = r#"{"kind": "single_choice", "prompt": "Which?", "choices": [{"id": "a", "text": "This"}, {"id": "b", "text": "That"}], "points": 5, "correct": {"choices": ["b"]}}"#;
const QUIZ_SESSION: &str = r#"{"human_name_id": "$ann", "account_id": "$account", "module": "$quiz"}"#;
const BENS_SESSION: &str = r#"{"human_name_id": "$ben", "account_id": "$account", "module": "$quiz"}"#;
const NOBODYS_SESSION: &str = r#"{"human_name_id": "$nobody", "account_id": "$account", "module": "$quiz"}"#;
const NO_ACCOUNT: &str = r#"{"human_name_id": "$ann", "account_id": "$nobody", "module": "$quiz"}"#;
const RIGHT: &str = r#"{"question_id": "$question", "expected_revision": 0, "answer": {"value": "42.00"}}"#;
const LATE: &str = r#"{"question_id": "$question", "expected_revision": 0, "answer": {"value": "41.00"}}"#;
const BEGIN: &str = r#"{"session_id": "$chart_session", "scenario_type": "backtest", "bars": 60}"#;
const ORDER: &str = r#"{"expected_seq": $seq, "action": {"order": {"side": "buy", "quantity": "1"}}}"#;
const ADVANCE: &str = r#"{"expected_seq": $seq, "action": {"advance": {"bars": 1}}}"#;
const TO_THE_END: &str = r#"{"expected_seq": $seq, "action": {"advance": {"bars": 25}}}"#;
const STALE: &str = r#"{"expected_seq": $first_seq, "action": {"advance": {"bars": 2}}}"#;
const REASON: &str = r#"{"reason": "It was a walk."}"#;

const ANSWERS: &str = "/api/fte/sessions/{session_id=session}/answers";
const COMPLETE: &str = "/api/fte/sessions/{session_id=session}/complete";
const ACTIONS: &str = "/api/fte/scenarios/{scenario_id=scenario}/actions";
const VERIFY: &str = "/api/fte/certificates/verify/{token=token}";

/// Something is decided at a bar.
const fn decide(what: &'static str) -> Row {
    post(what, Ann, ACTIONS, ORDER)
        .shows(&[("/seq", "*"), ("/rows/0", "*"), ("/bars/0", "-"), ("/results", "*")])
        .keeps(&[("seq", "/seq")])
        .arrows(&["action", "execute", "result"])
}

/// The next bar shows what comes of it.
const fn see(what: &'static str) -> Row {
    post(what, Ann, ACTIONS, ADVANCE).shows(&[("/seq", "*"), ("/bars/0", "*")]).keeps(&[("seq", "/seq")])
}

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    post("staff add a module with a scenario", Staff, "/api/fte/modules", CHART).keyed("chart").status(201).shows(&[("/code", "$chart")]),
    post("and a question", Staff, "/api/fte/modules/{code=chart}/questions", NUMBER).keyed("chart-question").status(201).shows(&[("/question_id", "*")]),
    post("staff add the final assessment", Staff, "/api/fte/modules", FINAL).keyed("final").status(201).shows(&[("/certificate_days", "365")]),
    post("and a question", Staff, "/api/fte/modules/{code=final}/questions", CHOICE).keyed("final-question").status(201).shows(&[("/question_id", "*")]),
    get("Ann looks at the quiz", Ann, "/api/fte/modules/{code=quiz}").shows(&[("/course", "$course"), ("/test_type", "module_quiz")]),
    get("it isn't shown without a token", Nobody, "/api/fte/modules/{code=quiz}").refused(401, "not-signed-in"),
    get("Ann hasn't begun the course", Ann, "/api/fte/progress/{human_name_id=ann}").shows(&[("/human_name_id", "$ann"), ("/courses/course=$course", "-")]),

    post("no test is started without a token", Nobody, "/api/fte/sessions", QUIZ_SESSION).refused(401, "not-signed-in"),
    post("Ben starts none for Ann", Ben, "/api/fte/sessions", QUIZ_SESSION).refused(403, "not-permitted"),
    post("staff start none for somebody whom Identity doesn't know", Staff, "/api/fte/sessions", NOBODYS_SESSION)
        .refused(422, "invalid-value").shows(&[("/errors/0/pointer", "/human_name_id")]).arrows(&["known"]),
    post("Ben starts none for himself: he may only look", Ben, "/api/fte/sessions", BENS_SESSION).refused(403, "not-permitted").arrows(&["access"]),
    post("Ann starts none in an account that there isn't", Ann, "/api/fte/sessions", NO_ACCOUNT)
        .refused(422, "invalid-value").shows(&[("/errors/0/pointer", "/account_id")]).arrows(&["access"]),
    post("Ann starts one, in the account with the trial", Ann, "/api/fte/sessions", QUIZ_SESSION).keyed("session").status(201)
        .shows(&[("/status", "in_progress"), ("/module", "$quiz"), ("/points_total", "5"), ("/passed", "-")])
        .keeps(&[("session", "/session_id"), ("question", "/questions/0/question_id")]).arrows(&["start", "subscription", "created"]),
    post("one at a time, for a module", Ann, "/api/fte/sessions", QUIZ_SESSION).refused(409, "already-exists"),
    get("Ann sees it", Ann, "/api/fte/sessions/{session_id=session}").shows(&[("/session_id", "$session"), ("/questions/0/revision", "0")]),
    get("to Ben it isn't there", Ben, "/api/fte/sessions/{session_id=session}").refused(404, "not-found"),
    get("a session isn't shown without a token", Nobody, "/api/fte/sessions/{session_id=session}").refused(401, "not-signed-in"),
    post("Ann answers", Ann, ANSWERS, RIGHT).shows(&[("/question_id", "$question"), ("/revision", "1"), ("/is_correct", "-")]).arrows(&["answer"]),
    post("not on top of an answer that she hasn't seen", Ann, ANSWERS, LATE).refused(409, "sequence-gap"),
    post("Ben doesn't answer for her", Ben, ANSWERS, LATE).refused(404, "not-found"),
    post("nor ends the test for her", Ben, COMPLETE, "{}").refused(404, "not-found"),
    post("Ann ends it, and has passed", Ann, COMPLETE, "{}")
        .shows(&[("/status", "completed"), ("/passed", "true"), ("/points_earned", "5"), ("/questions/0/is_correct", "true"), ("/certificate_id", "-")])
        .arrows(&["complete", "score"]),
    post("the end is the same however often", Ann, COMPLETE, "{}").shows(&[("/session_id", "$session"), ("/status", "completed")]),
    post("nothing is answered after the end", Ann, ANSWERS, RIGHT).refused(409, "ended"),
    get("one module of two is passed", Ann, "/api/fte/progress/{human_name_id=ann}")
        .shows(&[("/courses/course=$course/modules_passed", "1"), ("/courses/course=$course/modules_total", "2"), ("/courses/course=$course/fte_certificate_issued", "false")])
        .arrows(&["progress"]),
    get("Ben doesn't learn that", Ben, "/api/fte/progress/{human_name_id=ann}").refused(404, "not-found"),

    post("Ann starts the test with a scenario", Ann, "/api/fte/sessions", r#"{"human_name_id": "$ann", "account_id": "$account", "module": "$chart"}"#)
        .keyed("chart-session").status(201).keeps(&[("chart_session", "/session_id"), ("chart_question", "/questions/0/question_id")]),
    post("she answers its question", Ann, "/api/fte/sessions/{session_id=chart_session}/answers", r#"{"question_id": "$chart_question", "expected_revision": 0, "answer": {"value": "60"}}"#)
        .shows(&[("/revision", "1")]),
    post("no market without a token", Nobody, "/api/fte/scenarios", BEGIN).refused(401, "not-signed-in"),
    post("Ben opens none in her session", Ben, "/api/fte/scenarios", BEGIN).refused(422, "invalid-value"),
    post("a market opens: thirty of sixty bars", Ann, "/api/fte/scenarios", BEGIN).keyed("scenario").status(201)
        .shows(&[("/session_id", "$chart_session"), ("/total_bars", "60"), ("/bars/29", "*"), ("/bars/30", "-")])
        .keeps(&[("scenario", "/scenario_id"), ("seq", "/seq"), ("first_seq", "/seq")]).arrows(&["scenario", "market", "ready"]),
    post("Ben doesn't act in it", Ben, ACTIONS, ADVANCE).refused(404, "not-found"),
    decide("she buys at a bar"), see("the next bar"), decide("she buys again"), see("the next bar"), decide("she buys again"), see("the next bar"),
    decide("she buys again"), see("the next bar"), decide("that was at five bars"), see("the next bar"),
    post("not on top of a market that she hasn't seen", Ann, ACTIONS, STALE).refused(409, "sequence-gap"),
    post("she lets it run to the last bar", Ann, ACTIONS, TO_THE_END).shows(&[("/bars/24", "*"), ("/bars/25", "-")]).keeps(&[("seq", "/seq")]),
    get("she sees the whole market", Ann, "/api/fte/scenarios/{scenario_id=scenario}").shows(&[("/bars/59", "*"), ("/completed_at", "*"), ("/seq", "$seq")]),
    get("to Ben it isn't there", Ben, "/api/fte/scenarios/{scenario_id=scenario}").refused(404, "not-found"),
    post("she has passed the second module", Ann, "/api/fte/sessions/{session_id=chart_session}/complete", "{}").shows(&[("/status", "completed"), ("/passed", "true")]),

    post("Ann starts the final assessment", Ann, "/api/fte/sessions", r#"{"human_name_id": "$ann", "account_id": "$account", "module": "$final"}"#)
        .keyed("final-session").status(201).keeps(&[("final_session", "/session_id"), ("final_question", "/questions/0/question_id")]),
    post("she answers its question", Ann, "/api/fte/sessions/{session_id=final_session}/answers", r#"{"question_id": "$final_question", "expected_revision": 0, "answer": {"choices": ["b"]}}"#)
        .shows(&[("/revision", "1")]),
    post("she has passed, and is certified", Ann, "/api/fte/sessions/{session_id=final_session}/complete", "{}")
        .shows(&[("/status", "completed"), ("/passed", "true"), ("/certificate_id", "*")])
        .keeps(&[("certificate", "/certificate_id")]).arrows(&["certificate", "completed"]),
    get("she sees her certificate", Ann, "/api/fte/certificates/{human_name_id=ann}")
        .shows(&[("/items/certificate_id=$certificate/course", "$course"), ("/items/certificate_id=$certificate/state", "valid"), ("/items/certificate_id=$certificate/session_id", "$final_session")])
        .keeps(&[("token", "/items/certificate_id=$certificate/verification_token")]),
    get("Ben doesn't", Ben, "/api/fte/certificates/{human_name_id=ann}").refused(404, "not-found"),
    get("the course is done", Ann, "/api/fte/progress/{human_name_id=ann}")
        .shows(&[("/courses/course=$course/modules_passed", "2"), ("/courses/course=$course/fte_certificate_issued", "true")]).arrows(&["progress"]),
    get("a stranger verifies it, and learns nothing of Ann", Nobody, VERIFY)
        .shows(&[("/state", "valid"), ("/course", "$course"), ("/certificate_number", "*"), ("/human_name_id", "-"), ("/account_id", "-")]),
    get("a token of no certificate", Nobody, "/api/fte/certificates/verify/{token=no_token}").refused(404, "not-found"),
    post("Ann takes none back", Ann, "/api/fte/certificates/{id=certificate}/revoke", REASON).refused(403, "not-permitted"),
    post("staff take it back", Staff, "/api/fte/certificates/{id=certificate}/revoke", REASON).shows(&[("/state", "revoked"), ("/revoked_reason", "It was a walk.")]),
    get("everybody sees that", Nobody, VERIFY).shows(&[("/state", "revoked"), ("/revoked_at", "*")]),

    put("staff offer the plan no more", Staff, "/api/billing/plans/{code=plan}", r#"{"name": "Walk", "trial_days": 14, "prices": []}"#).status(204),
    get("everybody sees that", Nobody, "/api/billing/plans").shows(&[("/items", "*"), ("/items/code=$plan", "-")]),
    get("who has it keeps it", Ann, "/api/billing/subscription/{account_id=account}").shows(&[("/entitlement/access", "full")]),
];
