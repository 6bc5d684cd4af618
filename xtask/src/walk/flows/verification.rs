//! Both proofs of a person, and what the services do on them. Data only.

use super::super::row::Act::{Code, Stored};
use super::super::row::Who::{Ann, Ben, Nobody, Staff, Uma};
use super::super::row::{Row, done, get, post};

const QUIZ: &str = r#"{"code": "$quiz", "course": "$course", "test_type": "module_quiz", "title": "A quiz", "pass_bp": 7000, "time_limit_s": 600}"#;
const QUESTION: &str = r#"{"kind": "numeric", "prompt": "How much are six times seven?", "decimals": 2, "points": 5, "correct": {"value": "42.00", "tolerance": "0.50"}}"#;
const SESSION: &str = r#"{"human_name_id": "$uma", "account_id": "$uma_account", "module": "$quiz"}"#;
const PERMISSIONS: &str = "/api/accounts/{account_id=uma_account}/permissions/{human_name_id=uma}";
const STATUS: &str = "/api/identity/verification-status/{human_name_id=uma}";
const FOUND: &str = "/api/identity/people?email={email=uma_email}";
const EMAIL: &str = r#"{"email": "$uma_email"}"#;
const EMAIL_CODE: &str = r#"{"email": "$uma_email", "code": "$email_code"}"#;
const EMAIL_WRONG: &str = r#"{"email": "$uma_email", "code": "$email_wrong"}"#;
const PHONE: &str = r#"{"human_name_id": "$uma", "phone_number": "$uma_phone"}"#;
const PHONE_CODE: &str = r#"{"human_name_id": "$uma", "phone_number": "$uma_phone", "code": "$phone_code"}"#;
const TOLD: &str =
    "SELECT count(*) FROM {schema}.verification_tracking WHERE human_name_id = '$uma' AND announced_at IS NOT NULL";
const HEARD: &str = "SELECT count(*) FROM {schema}.verified_people WHERE human_name_id = '$uma'";

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    get("Uma has not proved both", Uma, STATUS).shows(&[("/phone_verified", "false"), ("/both_verified", "false")]),
    post("she opens an account", Uma, "/api/accounts", r#"{"human_name_id": "$uma", "kind": "business"}"#).keyed("uma-account").status(201)
        .keeps(&[("uma_account", "/account_id")]),
    get("where she may take no tests yet", Uma, PERMISSIONS)
        .shows(&[("/permissions/action=test.take/allowed", "false"), ("/permissions/action=test.take/reason", "not_verified")]),
    post("she adds no payment method", Uma, "/api/billing/payment-methods", r#"{"human_name_id": "$uma"}"#).refused(403, "not-verified"),
    post("staff add a module", Staff, "/api/fte/modules", QUIZ).keyed("quiz").status(201).shows(&[("/code", "$quiz"), ("/course", "$course")]),
    post("Ann adds no module", Ann, "/api/fte/modules", QUIZ).refused(403, "not-permitted"),
    post("and a question", Staff, "/api/fte/modules/{code=quiz}/questions", QUESTION).keyed("quiz-question").status(201)
        .shows(&[("/question_id", "*"), ("/correct", "-")]),
    post("Uma starts no test", Uma, "/api/fte/sessions", SESSION).refused(403, "not-permitted"),

    post("a code by mail", Nobody, "/api/identity/verify/email", EMAIL).status(202).shows(&[("/expires_in_seconds", "600")]),
    done("the code comes", Code { to: "uma_email" }).soon().shows(&[("/code", "*")]).keeps(&[("email_code", "/code"), ("email_wrong", "/wrong")]),
    post("another code proves nothing", Nobody, "/api/identity/verify/email", EMAIL_WRONG).refused(422, "code-refused"),
    post("the code proves the address", Nobody, "/api/identity/verify/email", EMAIL_CODE).shows(&[("/verified", "true"), ("/both_verified", "false")]),
    get("one of two is proved", Uma, STATUS).shows(&[("/email_verified", "true"), ("/both_verified", "false")]),
    post("no code by text without a token", Nobody, "/api/identity/verify/phone", PHONE).refused(401, "not-signed-in"),
    post("nor for Ben, who is not Uma", Ben, "/api/identity/verify/phone", PHONE).refused(403, "not-permitted"),
    post("a code by text", Uma, "/api/identity/verify/phone", PHONE).status(202).shows(&[("/expires_in_seconds", "600")]),
    done("the code comes", Code { to: "uma_phone" }).soon().shows(&[("/code", "*")]).keeps(&[("phone_code", "/code")]),
    post("the code proves the telephone", Uma, "/api/identity/verify/phone", PHONE_CODE).shows(&[("/verified", "true"), ("/both_verified", "true")]).arrows(&["proved"]),
    post("a code is good once", Uma, "/api/identity/verify/phone", PHONE_CODE).refused(422, "code-refused"),
    get("Uma is verified", Uma, STATUS).shows(&[("/email_verified", "true"), ("/phone_verified", "true"), ("/both_verified", "true")]),

    get("staff who say why find her by her address", Staff, FOUND).because("a walk")
        .shows(&[("/items/0/human_name_id", "$uma"), ("/items/0/email_verified", "true"), ("/items/0/phone_verified", "true")]),
    get("and nobody by one that is no person's", Staff, "/api/identity/people?email={email=lead_email}").because("a walk").shows(&[("/items/0", "-")]),
    get("not without saying why", Staff, FOUND).refused(422, "invalid-value"),
    get("a person finds nobody", Ann, FOUND).refused(403, "not-permitted"),
    get("nor does who isn't signed in", Nobody, FOUND).refused(401, "not-signed-in"),

    done("the event is written down", Stored { service: "identity", sql: TOLD }).shows(&[("", "1")]).arrows(&["told"]),
    done("it comes to billing", Stored { service: "billing", sql: HEARD }).over_the_bus().shows(&[("", "1")]).arrows(&["to-billing", "billing"]),
    done("it comes to account", Stored { service: "account", sql: HEARD }).over_the_bus().shows(&[("", "1")]).arrows(&["to-account", "account"]),
    done("it comes to FTE", Stored { service: "fte", sql: HEARD }).over_the_bus().shows(&[("", "1")]).arrows(&["to-fte", "fte"]),

    get("staff see what Identity has given up", Staff, "/api/identity/dead-letters").shows(&[("/items", "*")]),
    post("and let nothing go on that there isn't", Staff, "/api/identity/dead-letters/{id=nobody}/replay", "").because("a walk").refused(404, "not-found"),
    get("staff see what Account has given up", Staff, "/api/accounts/dead-letters").shows(&[("/items", "*")]),
    post("and let nothing go on that there isn't", Staff, "/api/accounts/dead-letters/{id=nobody}/replay", "").because("a walk").refused(404, "not-found"),
    get("staff see what Marketing has given up", Staff, "/api/marketing/dead-letters").shows(&[("/items", "*")]),
    post("and let nothing go on that there isn't", Staff, "/api/marketing/dead-letters/{id=nobody}/replay", "").because("a walk").refused(404, "not-found"),
    get("staff see what Billing has given up", Staff, "/api/billing/dead-letters").shows(&[("/items", "*")]),
    post("and let nothing go on that there isn't", Staff, "/api/billing/dead-letters/{id=nobody}/replay", "").because("a walk").refused(404, "not-found"),
    get("staff see what FTE has given up", Staff, "/api/fte/dead-letters").shows(&[("/items", "*")]),
    post("and let nothing go on that there isn't", Staff, "/api/fte/dead-letters/{id=nobody}/replay", "").because("a walk").refused(404, "not-found"),
    get("Uma doesn't see it", Uma, "/api/identity/dead-letters").refused(403, "not-permitted"),
    post("nor does she let it go on", Uma, "/api/identity/dead-letters/{id=nobody}/replay", "").refused(403, "not-permitted"),
    post("nor do staff who don't say why", Staff, "/api/identity/dead-letters/{id=nobody}/replay", "").refused(422, "invalid-value"),

    get("account lets her take tests", Uma, PERMISSIONS)
        .shows(&[("/permissions/action=test.take/allowed", "true"), ("/permissions/action=billing.manage/allowed", "true")]).arrows(&["account"]),
    post("billing takes a payment method", Uma, "/api/billing/payment-methods", r#"{"human_name_id": "$uma"}"#).keyed("uma-card").status(201)
        .shows(&[("/client_secret", "*")]).arrows(&["billing"]),
    post("FTE now asks for a subscription alone", Uma, "/api/fte/sessions", SESSION).refused(403, "not-entitled"),
    post("billing gives her a trial", Uma, "/api/billing/subscriptions", r#"{"account_id": "$uma_account", "human_name_id": "$uma", "price_id": "$price"}"#)
        .keyed("uma-subscription").status(201).shows(&[("/status", "trialing"), ("/entitlement/access", "full")]).arrows(&["billing"]),
    post("FTE lets her begin", Uma, "/api/fte/sessions", SESSION).keyed("uma-session").status(201)
        .shows(&[("/status", "in_progress"), ("/human_name_id", "$uma")]).arrows(&["fte"]),
];
