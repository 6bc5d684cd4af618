//! Hooks: who carries messages instead, and who has the last word on tokens.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use ring::hmac;
use serde_json::{Value, json};

use crate::project::{PASSWORD, Project, claims};

const ANN: &str = "ann@example.com";
const KEY: &[u8] = b"a key of thirty-two bytes or so..";

/// A receiver: what it heard, and what it says.
#[derive(Clone, Default)]
struct Ear {
    heard: Arc<Mutex<Vec<Value>>>,
    says: Arc<Mutex<Option<(u16, Value)>>>,
}

impl Ear {
    async fn open() -> (Self, String) {
        let ear = Self::default();
        let own = ear.clone();
        let hear = post(async move |headers: HeaderMap, body: Bytes| own.hear(&headers, &body));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", hear)).await.unwrap() });
        (ear, url)
    }

    /// Checks the signature as the specification has it. With nothing to say, claims go back as they came.
    fn hear(&self, headers: &HeaderMap, body: &[u8]) -> (StatusCode, axum::Json<Value>) {
        let text = |name: &str| headers[name].to_str().unwrap();
        let signed = [format!("{}.{}.", text("webhook-id"), text("webhook-timestamp")).as_bytes(), body].concat();
        let signature = BASE64_STANDARD.decode(text("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, KEY), &signed, &signature).expect("a signature");
        let asked: Value = serde_json::from_slice(body).unwrap();
        let usual = (200, json!({ "claims": asked["claims"] }));
        self.heard.lock().unwrap().push(asked);
        let (status, said) = self.says.lock().unwrap().clone().unwrap_or(usual);
        (StatusCode::from_u16(status).unwrap(), axum::Json(said))
    }

    fn say(&self, status: u16, said: Value) {
        *self.says.lock().unwrap() = Some((status, said));
    }

    fn last(&self) -> Value {
        self.heard.lock().unwrap().last().expect("a call").clone()
    }
}

async fn hooked(name: &str) -> (Project, Ear) {
    let (p, (ear, url)) = (Project::start().await, Ear::open().await);
    let secret = format!("v1,whsec_{}", BASE64_STANDARD.encode(KEY));
    p.set(&json!({ "hooks": { name: { "url": url, "secrets": [secret] } } })).await;
    (p, ear)
}

#[tokio::test]
async fn a_hook_carries_mails() {
    let (p, ear) = hooked("send_email").await;
    let wish = json!({ "email": ANN, "password": PASSWORD });
    assert_eq!(p.post("signup", &wish).await.status, 200);
    let asked = ear.last();
    assert_eq!((&asked["user"]["email"], &asked["metadata"]["name"]), (&json!(ANN), &json!("send-email")));
    assert_eq!(asked["email_data"]["email_action_type"], "signup");
    let proof = json!({ "type": "signup", "email": ANN, "token": asked["email_data"]["token"] });
    assert_eq!(p.post("verify", &proof).await.status, 200);

    ear.say(200, json!({ "error": { "http_code": 403, "message": "not to them" } }));
    let refused = p.post("signup", &json!({ "email": "bob@example.com", "password": PASSWORD })).await;
    assert_eq!((refused.status, refused.text("message").as_str()), (403, "not to them"));
    ear.say(200, json!({}));
    assert_eq!(p.backend(Method::GET, "?filter=bob", &json!({})).await.body["users"], json!([]), "nor an account");
    assert_eq!(p.post("signup", &json!({ "email": "bob@example.com", "password": PASSWORD })).await.status, 200);
}

#[tokio::test]
async fn a_hook_carries_texts() {
    let (p, ear) = hooked("send_sms").await;
    assert_eq!(p.post("otp", &json!({ "phone": "+491701234567" })).await.body, json!({}));
    let sms = ear.last()["sms"].clone();
    assert_eq!(sms["phone"], "491701234567");
    let proof = json!({ "type": "sms", "phone": "+491701234567", "token": sms["otp"] });
    assert_eq!(p.post("verify", &proof).await.status, 200);
    ear.say(500, json!({}));
    let failed = p.post("otp", &json!({ "phone": "+491701234567" })).await;
    assert_eq!(failed.code(), (500, "unexpected_failure"));
}

#[tokio::test]
async fn a_hook_has_the_last_word_on_a_token() {
    let (p, ear) = hooked("customize_access_token").await;
    p.person(ANN).await;
    let plain = claims(&p.sign_in(ANN).await.text("access_token"));
    let asked = ear.last();
    assert_eq!((&asked["authentication_method"], &asked["claims"]["sub"]), (&json!("password"), &plain["sub"]));
    let mut other = plain.clone();
    (other["aud"], other["human_name_id"]) = (json!("staff"), json!("x"));
    ear.say(200, json!({ "claims": other }));
    let said = claims(&p.sign_in(ANN).await.text("access_token"));
    assert_eq!((&said["aud"], &said["human_name_id"]), (&json!("staff"), &json!("x")));
    other.as_object_mut().unwrap().remove("aal");
    for (said, why) in [(json!({ "claims": other }), "aal is required"), (json!({}), "output claims field is missing")]
    {
        ear.say(200, said);
        let refused = p.sign_in(ANN).await;
        assert_eq!(refused.code(), (500, "unexpected_failure"));
        assert!(refused.text("message").contains(why), "{refused:?}");
    }
}

#[tokio::test]
async fn nobody_at_the_other_end_is_told_as_gotrue_tells_it() {
    let p = Project::start().await;
    let nowhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let hook = json!({ "url": format!("http://{nowhere}/"), "secrets": ["v1,whsec_c2VjcmV0"] });
    p.set(&json!({ "hooks": { "send_email": hook } })).await;
    let failed = p.post("signup", &json!({ "email": ANN, "password": PASSWORD })).await;
    assert_eq!(failed.code(), (422, "hook_timeout_after_retry"));
}
