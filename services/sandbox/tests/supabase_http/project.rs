//! A project at Supabase, as a page and a backend see it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::running::{Running, running};

const PAGE: &str = "sb_publishable_test";
pub(crate) const BACKEND: &str = "sb_secret_test";
pub(crate) const PASSWORD: &str = "correct horse";

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: BTreeMap<String, String>,
}

impl Answer {
    /// The code of a refusal, in the spelling of the version of 2024.
    pub(crate) fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name} in {self:?}")).to_owned()
    }
}

pub(crate) struct Project {
    pub(crate) f: Running,
}

impl Project {
    /// Whose links lead back to it, and which takes no pauses.
    pub(crate) async fn start() -> Self {
        let project = Self { f: running().await };
        let issuer = project.base();
        project.set(&json!({ "issuer": issuer, "site_url": "http://portal.example", "max_frequency": 0 })).await;
        project
    }

    pub(crate) fn base(&self) -> String {
        format!("{}/supabase/auth/v1", self.f.url)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.f.http.request(method, format!("{}/{path}", self.base()))
    }

    pub(crate) async fn answer(&self, request: RequestBuilder) -> Answer {
        let answer = request.header("x-supabase-api-version", "2024-01-01").send().await.unwrap();
        let status = answer.status().as_u16();
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let text = answer.text().await.unwrap();
        Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null), headers }
    }

    /// As a page does.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.answer(self.request(Method::POST, path).header("apikey", PAGE).json(body)).await
    }

    /// As a page does for somebody who is signed in.
    pub(crate) async fn signed(&self, method: Method, path: &str, token: &str, body: &Value) -> Answer {
        self.answer(self.request(method, path).header("apikey", PAGE).bearer_auth(token).json(body)).await
    }

    /// As a backend does.
    pub(crate) async fn backend(&self, method: Method, path: &str, body: &Value) -> Answer {
        let path = format!("admin/users{path}");
        self.answer(self.request(method, &path).header("apikey", BACKEND).bearer_auth(BACKEND).json(body)).await
    }

    pub(crate) async fn set(&self, changes: &Value) {
        let url = format!("{}/sandbox/supabase/settings", self.f.url);
        assert_eq!(self.f.http.patch(url).json(changes).send().await.unwrap().status(), 204);
    }

    /// The words of the last message to an address or a number.
    pub(crate) async fn message(&self, to: &str) -> String {
        let url = format!("{}/sandbox/messages?to={}", self.f.url, to.replace('+', "%2B"));
        let text = self.f.http.get(url).send().await.unwrap().text().await.unwrap();
        let messages: Value = serde_json::from_str(&text).unwrap();
        messages["messages"].as_array().unwrap().last().expect("a message")["text"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn code(&self, to: &str) -> String {
        let text = self.message(to).await;
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        words
            .filter(|word| word.len() == 6)
            .find(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
            .unwrap()
            .to_owned()
    }

    /// Somebody with a proved address; their identifier.
    pub(crate) async fn person(&self, email: &str) -> String {
        let wish = json!({ "email": email, "password": PASSWORD, "email_confirm": true });
        let made = self.backend(Method::POST, "", &wish).await;
        assert_eq!(made.status, 200, "{made:?}");
        made.text("id")
    }

    pub(crate) async fn sign_in(&self, email: &str) -> Answer {
        self.post("token?grant_type=password", &json!({ "email": email, "password": PASSWORD })).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.post("token?grant_type=refresh_token", &json!({ "refresh_token": token })).await
    }
}

/// What a token says, unproved.
pub(crate) fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
