//! How often something may be asked, and failures that somebody wished for.

use reqwest::Method;
use serde_json::json;

use crate::project::{PASSWORD, Project};

const ANN: &str = "ann@example.com";

#[tokio::test]
async fn a_person_gets_a_message_now_and_then() {
    let p = Project::start().await;
    p.set(&json!({ "max_frequency": 60 })).await;
    let wish = json!({ "email": ANN, "password": PASSWORD });
    assert_eq!(p.post("signup", &wish).await.status, 200);
    let again = p.post("signup", &wish).await;
    assert_eq!(again.code(), (429, "over_email_send_rate_limit"));
    assert!(again.text("message").starts_with("For security purposes, you can only request this after "));
    let resent = p.post("resend", &json!({ "type": "signup", "email": ANN })).await;
    assert_eq!(resent.code(), (429, "over_email_send_rate_limit"));
    assert_eq!(p.post("otp", &json!({ "phone": "+491701234567" })).await.status, 200);
    assert_eq!(p.post("otp", &json!({ "phone": "+491701234567" })).await.code(), (429, "over_sms_send_rate_limit"));
}

#[tokio::test]
async fn everybody_together_gets_so_many() {
    let p = Project::start().await;
    p.set(&json!({ "rate_limits": { "email_sent": 1 } })).await;
    assert_eq!(p.post("otp", &json!({ "email": ANN })).await.status, 200);
    let full = p.post("signup", &json!({ "email": "bob@example.com", "password": PASSWORD })).await;
    assert_eq!(full.code(), (429, "over_email_send_rate_limit"));
    assert_eq!(p.backend(Method::GET, "?filter=bob", &json!({})).await.body["users"], json!([]), "nor an account");
}

#[tokio::test]
async fn an_address_asks_only_so_often() {
    let p = Project::start().await;
    p.set(&json!({ "rate_limits": { "token_refresh": 2 } })).await;
    p.person(ANN).await;
    let from = async |address: &str| {
        let request = p.request(Method::POST, "token?grant_type=password").header("apikey", "sb_publishable_x");
        let body = json!({ "email": ANN, "password": PASSWORD });
        p.answer(request.header("x-forwarded-for", address).json(&body)).await.status
    };
    assert_eq!([from("192.0.2.1").await, from("192.0.2.1, 10.0.0.1").await, from("192.0.2.1").await], [200, 200, 429]);
    assert_eq!(from("192.0.2.2").await, 200);
}

#[tokio::test]
async fn failures_come_as_wished() {
    let p = Project::start().await;
    let wish = |moment: &str| json!({ "vendor": "supabase", "moment": moment, "status": 503, "times": 1 });
    let url = format!("{}/sandbox/faults", p.f.url);
    let body = json!({ "id": "0191f7a1-3f0c-7000-8000-000000000001", "email": ANN });
    p.f.http.post(&url).json(&wish("before")).send().await.unwrap();
    assert_eq!(p.backend(Method::POST, "", &body).await.status, 503);
    assert_eq!(p.backend(Method::GET, "", &json!({})).await.body["users"], json!([]));
    p.f.http.post(&url).json(&wish("after")).send().await.unwrap();
    assert_eq!(p.backend(Method::POST, "", &body).await.status, 503);
    assert_eq!(p.backend(Method::GET, "", &json!({})).await.body["users"][0]["email"], ANN);
    let calls = p.f.http.get(format!("{}/sandbox/calls", p.f.url)).send().await.unwrap().text().await.unwrap();
    assert!(calls.contains("\"supabase\":4"), "{calls}");
    let odd = p.f.http.patch(format!("{}/sandbox/supabase/settings", p.f.url)).json(&json!({ "colour": "red" }));
    assert_eq!(odd.send().await.unwrap().status(), 422);
}
