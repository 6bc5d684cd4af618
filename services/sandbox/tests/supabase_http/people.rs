//! Somebody signs up, proves a contact, signs in, goes on and signs out.

use reqwest::Method;
use serde_json::{Value, json};

use crate::project::{PASSWORD, Project, claims};

const ANN: &str = "ann@example.com";

#[tokio::test]
async fn somebody_signs_up_and_proves_the_address() {
    let p = Project::start().await;
    let wish = json!({ "email": "Ann@Example.com", "password": PASSWORD, "data": { "name": "Ann" } });
    let made = p.post("signup", &wish).await;
    assert_eq!((made.status, &made.body["email"], &made.body["access_token"]), (200, &json!(ANN), &Value::Null));
    assert!(made.body["confirmation_sent_at"].is_string(), "{made:?}");
    assert_eq!(p.sign_in(ANN).await.code(), (400, "email_not_confirmed"));
    let proof = |code: &str| json!({ "type": "signup", "email": ANN, "token": code });
    assert_eq!(p.post("verify", &proof("000000x")).await.code(), (403, "otp_expired"));
    let code = p.code(ANN).await;
    let session = p.post("verify", &proof(&code)).await;
    assert_eq!((session.status, &session.body["user"]["id"]), (200, &made.body["id"]));
    assert_eq!(p.post("verify", &proof(&code)).await.code(), (403, "otp_expired"), "once");
    let again = p.post("signup", &wish).await;
    assert_eq!(
        (again.status, &again.body["identities"]),
        (200, &json!([])),
        "whether somebody is there, nobody learns"
    );
    assert_ne!(again.body["id"], made.body["id"]);

    let session = p.sign_in(ANN).await;
    let said = claims(&session.text("access_token"));
    for (name, value) in [
        ("iss", json!(p.base())),
        ("aud", json!("authenticated")),
        ("sub", made.body["id"].clone()),
        ("role", json!("authenticated")),
        ("aal", json!("aal1")),
        ("email", json!(ANN)),
        ("phone", json!("")),
        ("is_anonymous", json!(false)),
        ("app_metadata", json!({ "provider": "email", "providers": ["email"] })),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    assert_eq!((&said["user_metadata"]["name"], &said["amr"][0]["method"]), (&json!("Ann"), &json!("password")));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 3600);
    assert!(said["session_id"].is_string());
}

#[tokio::test]
async fn what_supabase_refuses_is_refused_by_its_codes() {
    let p = Project::start().await;
    p.person(ANN).await;
    for (path, body, expected) in [
        ("signup", json!({ "email": "bob@example.com", "password": "short" }), (422, "weak_password")),
        ("signup", json!({ "email": "bob@example.com" }), (400, "validation_failed")),
        ("signup", json!({ "email": "bob", "password": PASSWORD }), (400, "validation_failed")),
        ("signup", json!({ "email": 7 }), (400, "bad_json")),
        ("signup", json!({}), (422, "anonymous_provider_disabled")),
        ("token?grant_type=password", json!({ "email": ANN, "password": "wrong" }), (400, "invalid_credentials")),
        (
            "token?grant_type=password",
            json!({ "email": "bob@example.com", "password": "x" }),
            (400, "invalid_credentials"),
        ),
        ("token?grant_type=magic", json!({}), (400, "invalid_credentials")),
        ("token?grant_type=refresh_token", json!({ "refresh_token": "x" }), (400, "validation_failed")),
        ("otp", json!({ "email": "bob@example.com", "create_user": false }), (422, "otp_disabled")),
        ("verify", json!({ "type": "signup", "token": "1", "token_hash": "2" }), (400, "validation_failed")),
        ("resend", json!({ "type": "signup" }), (400, "validation_failed")),
        ("logout", json!({}), (401, "no_authorization")),
    ] {
        assert_eq!(p.post(path, &body).await.code(), expected, "{path} {body}");
    }
    let old =
        p.request(Method::POST, "token?grant_type=password").header("apikey", "sb_publishable_x").json(&json!({}));
    let old: Value = serde_json::from_str(&old.send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(old, json!({ "code": 400, "error_code": "validation_failed", "msg": "missing email or phone" }));
    let weak = p.post("signup", &json!({ "email": "bob@example.com", "password": "short" })).await;
    assert_eq!(weak.body["weak_password"], json!({ "reasons": ["length"] }));
    assert_eq!(weak.headers["x-supabase-api-version"], "2024-01-01");
}

#[tokio::test]
async fn a_refresh_token_gives_the_next_one_and_whoever_steals_it_ends_the_session() {
    let p = Project::start().await;
    p.set(&json!({ "refresh_token_reuse_interval": 0 })).await;
    p.person(ANN).await;
    let first = p.sign_in(ANN).await.text("refresh_token");
    let second = p.refresh(&first).await.text("refresh_token");
    assert_ne!(first, second);
    assert_eq!(p.refresh(&first).await.text("refresh_token"), second, "the answer was lost on its way");
    let third = p.refresh(&second).await;
    assert_eq!(p.refresh(&first).await.code(), (400, "refresh_token_already_used"));
    assert_eq!(
        p.refresh(&third.text("refresh_token")).await.code(),
        (400, "refresh_token_not_found"),
        "the whole family"
    );
    let token = third.text("access_token");
    assert_eq!(p.signed(Method::GET, "user", &token, &Value::Null).await.code(), (403, "session_not_found"));

    p.set(&json!({ "refresh_token_reuse_interval": 600 })).await;
    let first = p.sign_in(ANN).await.text("refresh_token");
    let second = p.refresh(&first).await.text("refresh_token");
    let third = p.refresh(&second).await.text("refresh_token");
    assert_eq!(p.refresh(&first).await.text("refresh_token"), third, "many pages that woke up at once");
}

#[tokio::test]
async fn somebody_signs_out_here_or_elsewhere_or_everywhere() {
    let p = Project::start().await;
    p.person(ANN).await;
    let user = async |token: &str| p.signed(Method::GET, "user", token, &Value::Null).await.status;
    for (scope, left) in [("local", [403, 200]), ("others", [200, 403]), ("global", [403, 403])] {
        let (one, other) = (p.sign_in(ANN).await.text("access_token"), p.sign_in(ANN).await.text("access_token"));
        let path = format!("logout?scope={scope}");
        assert_eq!(p.signed(Method::POST, &path, &one, &Value::Null).await.status, 204);
        assert_eq!([user(&one).await, user(&other).await], left, "{scope}");
    }
    let token = p.sign_in(ANN).await.text("access_token");
    let odd = p.signed(Method::POST, "logout?scope=most", &token, &Value::Null).await;
    assert_eq!(odd.code(), (400, "validation_failed"));
}

#[tokio::test]
async fn somebody_changes_what_is_theirs() {
    let p = Project::start().await;
    p.person(ANN).await;
    p.person("bob@example.com").await;
    let (token, other) = (p.sign_in(ANN).await.text("access_token"), p.sign_in(ANN).await.text("access_token"));
    let change = async |body: Value| p.signed(Method::PUT, "user", &token, &body).await;
    assert_eq!(change(json!({ "data": { "city": "Ulm" } })).await.body["user_metadata"]["city"], "Ulm");
    assert_eq!(change(json!({ "app_metadata": { "role": "king" } })).await.code(), (403, "not_admin"));
    assert_eq!(change(json!({ "email": "bob@example.com" })).await.code(), (422, "email_exists"));
    assert_eq!(change(json!({ "password": PASSWORD })).await.code(), (422, "same_password"));
    assert_eq!(change(json!({ "password": "another horse" })).await.status, 200);
    assert_eq!(p.signed(Method::GET, "user", &other, &Value::Null).await.status, 403, "other sessions end");
    assert_eq!(p.sign_in(ANN).await.code(), (400, "invalid_credentials"));

    let pending = change(json!({ "email": "anna@example.com" })).await;
    assert_eq!((&pending.body["email"], &pending.body["new_email"]), (&json!(ANN), &json!("anna@example.com")));
    let proof = |email: &str, code: &str| json!({ "type": "email_change", "email": email, "token": code });
    let half = p.post("verify", &proof(ANN, &p.code(ANN).await)).await;
    assert_eq!((half.status, half.text("code").as_str()), (200, "200"), "one of two");
    let whole = p.post("verify", &proof("anna@example.com", &p.code("anna@example.com").await)).await;
    assert_eq!(whole.body["user"]["email"], "anna@example.com");

    assert_eq!(change(json!({ "phone": "+491701234567" })).await.body["new_phone"], "491701234567");
    let code = p.code("+491701234567").await;
    let proof = json!({ "type": "phone_change", "phone": "+491701234567", "token": code });
    assert_eq!(p.post("verify", &proof).await.body["user"]["phone"], "491701234567");
}

#[tokio::test]
async fn a_code_is_a_way_in() {
    let p = Project::start().await;
    for (contact, to, kind) in
        [(json!({ "email": ANN }), ANN, "email"), (json!({ "phone": "+491701234567" }), "+491701234567", "sms")]
    {
        // The first time it is a sign-up, the second time a sign-in.
        let mut ids = Vec::new();
        for _ in 0..2 {
            let sent = p.post("otp", &contact).await;
            assert_eq!(sent.status, 200, "{sent:?}");
            let mut proof = contact.clone();
            (proof["type"], proof["token"]) = (json!(kind), json!(p.code(to).await));
            let session = p.post("verify", &proof).await;
            assert_eq!(session.status, 200, "{session:?}");
            assert_eq!(claims(&session.text("access_token"))["amr"][0]["method"], "otp");
            ids.push(session.body["user"]["id"].clone());
        }
        assert_eq!(ids[0], ids[1]);
    }
    p.set(&json!({ "sms_otp_exp": 0 })).await;
    p.post("otp", &json!({ "phone": "+491701234567" })).await;
    let code = p.code("+491701234567").await;
    let late = p.post("verify", &json!({ "type": "sms", "phone": "+491701234567", "token": code })).await;
    assert_eq!(late.code(), (403, "otp_expired"));
}

#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let p = Project::start().await;
    p.person(ANN).await;
    assert_eq!(p.post("recover", &json!({ "email": "bob@example.com" })).await.body, json!({}));
    assert_eq!(p.post("recover", &json!({ "email": ANN })).await.body, json!({}), "the same for somebody and nobody");
    let proof = json!({ "type": "recovery", "email": ANN, "token": p.code(ANN).await });
    let token = p.post("verify", &proof).await.text("access_token");
    let changed = p.signed(Method::PUT, "user", &token, &json!({ "password": "another horse" })).await;
    assert_eq!(changed.status, 200);
    let signed = p.post("token?grant_type=password", &json!({ "email": ANN, "password": "another horse" })).await;
    assert_eq!(signed.status, 200);
}

#[tokio::test]
async fn what_needs_no_proof_is_taken_at_once() {
    let p = Project::start().await;
    p.set(&json!({ "mailer_autoconfirm": true, "sms_autoconfirm": true, "anonymous_users": true })).await;
    let wish = json!({ "email": ANN, "password": PASSWORD });
    assert!(p.post("signup", &wish).await.body["access_token"].is_string());
    assert_eq!(p.post("signup", &wish).await.code(), (422, "user_already_exists"));
    let nobody = p.post("signup", &json!({})).await;
    assert_eq!(claims(&nobody.text("access_token"))["is_anonymous"], true);
    assert_eq!(p.post("otp", &json!({ "email": "bob@example.com" })).await.status, 200);
    let proof = json!({ "type": "email", "email": "bob@example.com", "token": p.code("bob@example.com").await });
    assert_eq!(p.post("verify", &proof).await.status, 200);
    p.set(&json!({ "disable_signup": true })).await;
    assert_eq!(
        p.post("signup", &json!({ "email": "c@example.com", "password": PASSWORD })).await.code(),
        (422, "signup_disabled")
    );
}
