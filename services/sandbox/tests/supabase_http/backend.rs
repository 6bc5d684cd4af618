//! What a backend does with the secret key, and what nobody does without it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::project::{BACKEND, PASSWORD, Project, claims};

const ID: &str = "0191f7a1-3f0c-7000-8000-000000000001";

#[tokio::test]
async fn a_person_keeps_the_name_they_have_elsewhere() {
    let p = Project::start().await;
    let wish = json!({ "id": ID, "email": "ann@example.com", "phone": "+491701234567", "password": PASSWORD,
        "email_confirm": true, "phone_confirm": true, "app_metadata": { "account": "a1" }, "user_metadata": { "name": "Ann" } });
    let made = p.backend(Method::POST, "", &wish).await;
    assert_eq!((made.status, made.text("id").as_str()), (200, ID));
    assert_eq!(claims(&p.sign_in("ann@example.com").await.text("access_token"))["sub"], ID);
    assert_eq!(
        made.body["app_metadata"],
        json!({ "provider": "email", "providers": ["email", "phone"], "account": "a1" })
    );
    let by_phone = json!({ "phone": "+49 170 1234567", "password": PASSWORD });
    assert_eq!(p.post("token?grant_type=password", &by_phone).await.status, 200);
    for (change, expected) in [
        (json!({ "email": "ANN@example.com" }), (422, "email_exists")),
        (json!({ "phone": "491701234567" }), (422, "phone_exists")),
        (json!({ "email": "b@example.com", "id": "me" }), (400, "validation_failed")),
        (json!({ "email": "b@example.com", "id": ID }), (500, "unexpected_failure")),
        (json!({ "password": PASSWORD }), (400, "validation_failed")),
    ] {
        assert_eq!(p.backend(Method::POST, "", &change).await.code(), expected, "{change}");
    }
}

#[tokio::test]
async fn users_are_listed_changed_shut_out_and_deleted() {
    let p = Project::start().await;
    for n in 0..5 {
        p.person(&format!("p{n}@example.com")).await;
    }
    let page = p.backend(Method::GET, "?page=2&per_page=2", &Value::Null).await;
    assert_eq!(page.headers["x-total-count"], "5");
    assert!(page.headers["link"].contains("page=3>; rel=\"next\""), "{page:?}");
    let emails: Vec<&Value> = page.body["users"].as_array().unwrap().iter().map(|user| &user["email"]).collect();
    assert_eq!(emails, ["p2@example.com", "p1@example.com"], "the newest first");
    let last = p.backend(Method::GET, "?page=3&per_page=2", &Value::Null).await;
    assert!(!last.headers["link"].contains("next"), "{last:?}");

    let id =
        p.backend(Method::GET, "?filter=p3", &Value::Null).await.body["users"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/{id}");
    let refresh = p.sign_in("p3@example.com").await.text("refresh_token");
    let token = p.sign_in("p3@example.com").await.text("access_token");
    let banned = p.backend(Method::PUT, &path, &json!({ "ban_duration": "24h", "user_metadata": { "a": 1 } })).await;
    assert!(banned.body["banned_until"].is_string() && banned.body["user_metadata"]["a"] == 1, "{banned:?}");
    assert_eq!(p.sign_in("p3@example.com").await.code(), (400, "user_banned"));
    assert_eq!(p.refresh(&refresh).await.code(), (400, "user_banned"));
    assert_eq!(p.signed(Method::GET, "user", &token, &Value::Null).await.code(), (403, "user_banned"));
    p.backend(Method::PUT, &path, &json!({ "ban_duration": "none", "user_metadata": { "a": null } })).await;
    let shown = p.backend(Method::GET, &path, &Value::Null).await;
    assert!(shown.body.get("banned_until").is_none() && shown.body["user_metadata"].get("a").is_none());
    assert_eq!(p.backend(Method::DELETE, &path, &json!({ "should_soft_delete": true })).await.status, 200);
    assert_eq!(p.sign_in("p3@example.com").await.code(), (400, "invalid_credentials"));
    assert!(p.backend(Method::GET, &path, &Value::Null).await.body["deleted_at"].is_string());
    assert_eq!(p.backend(Method::DELETE, &path, &json!({ "should_soft_delete": false })).await.body, json!({}));
    assert_eq!(p.backend(Method::GET, &path, &Value::Null).await.code(), (404, "user_not_found"));
    assert_eq!(p.backend(Method::GET, "/me", &Value::Null).await.code(), (404, "validation_failed"));
}

#[tokio::test]
async fn only_the_secret_key_is_one() {
    let p = Project::start().await;
    p.person("ann@example.com").await;
    let token = p.sign_in("ann@example.com").await.text("access_token");
    let ask = |key: Option<&str>, bearer: Option<&str>| {
        let request = p.request(Method::GET, "admin/users");
        let request = key.into_iter().fold(request, |request, key| request.header("apikey", key));
        p.answer(bearer.into_iter().fold(request, |request, token| request.bearer_auth(token)))
    };
    assert_eq!(ask(Some(BACKEND), None).await.status, 200);
    for (key, bearer, status) in [
        (None, None, 401),
        (None, Some(BACKEND), 401),
        (Some("sb_other"), None, 401),
        (Some("sb_publishable_x"), None, 401),
        (Some("sb_publishable_x"), Some("sb_publishable_x"), 403),
        (Some("sb_publishable_x"), Some(BACKEND), 403),
        (Some("sb_publishable_x"), Some(token.as_str()), 403),
        (Some(BACKEND), Some(token.as_str()), 403),
        (Some("sb_publishable_x"), Some("nonsense"), 403),
    ] {
        assert_eq!(ask(key, bearer).await.status, status, "{key:?} {bearer:?}");
    }
    assert_eq!(ask(None, None).await.body["message"], "No API key found in request");
}

#[tokio::test]
async fn staff_are_made_by_the_backend_alone() {
    let p = Project::start().await;
    let staff =
        |request: reqwest::RequestBuilder| request.header("apikey", "sb_publishable_x").header("x-jwt-aud", "staff");
    let wish = json!({ "email": "sue@example.com", "password": PASSWORD });
    let up = p.answer(staff(p.request(Method::POST, "signup")).json(&wish)).await;
    assert_eq!(up.code(), (422, "signup_disabled"), "or anybody would be staff");
    let made = json!({ "email": "sue@example.com", "password": PASSWORD, "email_confirm": true, "aud": "staff" });
    assert_eq!(p.backend(Method::POST, "", &made).await.status, 200);
    assert_eq!(p.sign_in("sue@example.com").await.code(), (400, "invalid_credentials"), "not among the customers");
    let session = p.answer(staff(p.request(Method::POST, "token?grant_type=password")).json(&wish)).await;
    assert_eq!(claims(&session.text("access_token"))["aud"], "staff");
    p.person("sue@example.com").await;
    assert_ne!(p.sign_in("sue@example.com").await.body["user"]["id"], session.body["user"]["id"], "two people");
}

#[tokio::test]
async fn what_anybody_may_know_is_told() {
    let p = Project::start().await;
    assert_eq!(p.answer(p.request(Method::GET, "health")).await.status, 401, "behind the door");
    let get = |path: &'static str| p.answer(p.request(Method::GET, path).header("apikey", "sb_publishable_x"));
    assert_eq!(get("health").await.body["name"], "GoTrue");
    let settings = get("settings").await.body;
    assert_eq!((&settings["external"]["email"], &settings["external"]["google"]), (&json!(true), &json!(false)));
    let found = p.answer(p.request(Method::GET, ".well-known/openid-configuration")).await.body;
    assert_eq!(
        (&found["issuer"], &found["jwks_uri"]),
        (&json!(p.base()), &json!(format!("{}/.well-known/jwks.json", p.base())))
    );
    assert_eq!(get("nowhere").await.status, 404);
    let preflight = p.request(Method::OPTIONS, "token").header("access-control-request-headers", "apikey,content-type");
    let preflight = p.answer(preflight).await;
    assert_eq!(
        (preflight.status, preflight.headers["access-control-allow-headers"].as_str()),
        (204, "apikey,content-type")
    );
    assert_eq!(preflight.headers["access-control-allow-origin"], "*");
}
