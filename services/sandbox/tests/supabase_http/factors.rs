//! A second factor, from its picture to a surer token.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Method;
use ring::hmac;
use serde_json::{Value, json};

use crate::project::{Answer, PASSWORD, Project, claims};

const ANN: &str = "ann@example.com";

/// What a program shows that was given this address.
fn shown(uri: &str) -> String {
    let secret = uri.rsplit_once("secret=").unwrap().1;
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &(now / 30).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

async fn enroll(p: &Project, token: &str, name: &str) -> Answer {
    p.signed(Method::POST, "factors", token, &json!({ "factor_type": "totp", "friendly_name": name, "issuer": null }))
        .await
}

async fn verify(p: &Project, token: &str, factor: &str, code: &str) -> Answer {
    let asked =
        p.signed(Method::POST, &format!("factors/{factor}/challenge"), token, &json!({ "channel": null })).await;
    assert_eq!(asked.status, 200, "{asked:?}");
    let answer = json!({ "challenge_id": asked.text("id"), "code": code });
    p.signed(Method::POST, &format!("factors/{factor}/verify"), token, &answer).await
}

#[tokio::test]
async fn a_second_factor_makes_a_token_surer() {
    let p = Project::start().await;
    p.person(ANN).await;
    let (first, other) = (p.sign_in(ANN).await, p.sign_in(ANN).await);
    let token = first.text("access_token");
    let made = enroll(&p, &token, "phone").await;
    assert_eq!((made.status, made.text("type").as_str()), (200, "totp"), "{made:?}");
    let (id, uri) = (made.text("id"), made.body["totp"]["uri"].as_str().unwrap().to_owned());
    assert!(made.body["totp"]["qr_code"].as_str().unwrap().starts_with("<svg "));
    assert!(uri.starts_with("otpauth://totp/portal.example:ann%40example.com?"), "{uri}");
    assert_eq!(verify(&p, &token, &id, "000000x").await.code(), (422, "mfa_verification_failed"));
    let sure = verify(&p, &token, &id, &shown(&uri)).await;
    let said = claims(&sure.text("access_token"));
    assert_eq!(
        (&said["aal"], &said["amr"][0]["method"], &said["amr"][1]["method"]),
        (&json!("aal2"), &json!("totp"), &json!("password"))
    );
    assert_eq!(sure.body["user"]["factors"][0]["status"], "verified");
    assert_eq!(said["session_id"], claims(&token)["session_id"], "the same session");
    let elsewhere = p.signed(Method::GET, "user", &other.text("access_token"), &Value::Null).await;
    assert_eq!(elsewhere.code(), (403, "session_not_found"), "sessions without the factor end");
    let next = p.refresh(&sure.text("refresh_token")).await;
    assert_eq!(claims(&next.text("access_token"))["aal"], "aal2", "it stays");
}

#[tokio::test]
async fn what_a_second_factor_guards_it_guards() {
    let p = Project::start().await;
    let person = p.person(ANN).await;
    let token = p.sign_in(ANN).await.text("access_token");
    let made = enroll(&p, &token, "phone").await;
    let (id, uri) = (made.text("id"), made.body["totp"]["uri"].as_str().unwrap().to_owned());
    assert_eq!(enroll(&p, &token, "phone").await.code(), (422, "mfa_factor_name_conflict"));
    let sure = verify(&p, &token, &id, &shown(&uri)).await.text("access_token");
    let unsure = p.sign_in(ANN).await.text("access_token");
    assert_eq!(enroll(&p, &unsure, "second").await.code(), (403, "insufficient_aal"));
    let change = p.signed(Method::PUT, "user", &unsure, &json!({ "password": format!("{PASSWORD}!") })).await;
    assert_eq!(change.code(), (401, "insufficient_aal"));
    let path = format!("factors/{id}");
    assert_eq!(p.signed(Method::DELETE, &path, &unsure, &Value::Null).await.code(), (422, "insufficient_aal"));
    p.person("bob@example.com").await;
    let bob = p.sign_in("bob@example.com").await.text("access_token");
    assert_eq!(p.signed(Method::DELETE, &path, &bob, &Value::Null).await.code(), (404, "mfa_factor_not_found"));
    let listed = p.backend(Method::GET, &format!("/{person}/factors"), &Value::Null).await;
    assert_eq!((&listed.body[0]["id"], &listed.body[0]["friendly_name"]), (&json!(id), &json!("phone")));
    let gone = p.signed(Method::DELETE, &path, &sure, &Value::Null).await;
    assert_eq!((gone.status, gone.text("id")), (200, id));
    let user = p.signed(Method::GET, "user", &sure, &Value::Null).await;
    assert!(user.body.get("factors").is_none(), "{user:?}");
}

#[tokio::test]
async fn a_challenge_is_answered_once_and_by_whom_it_was_asked() {
    let p = Project::start().await;
    p.person(ANN).await;
    let token = p.sign_in(ANN).await.text("access_token");
    let made = enroll(&p, &token, "phone").await;
    let (id, uri) = (made.text("id"), made.body["totp"]["uri"].as_str().unwrap().to_owned());
    let asked = p.signed(Method::POST, &format!("factors/{id}/challenge"), &token, &json!({})).await.text("id");
    let path = format!("factors/{id}/verify");
    let answer = json!({ "challenge_id": asked, "code": shown(&uri) });
    let from = p.request(Method::POST, &path).header("apikey", "sb_publishable_x").bearer_auth(&token);
    let elsewhere = p.answer(from.header("x-forwarded-for", "192.0.2.1").json(&answer)).await;
    assert_eq!(elsewhere.code(), (422, "mfa_ip_address_mismatch"));
    assert_eq!(p.signed(Method::POST, &path, &token, &answer).await.status, 200);
    assert_eq!(p.signed(Method::POST, &path, &token, &answer).await.code(), (422, "mfa_factor_not_found"));
}
