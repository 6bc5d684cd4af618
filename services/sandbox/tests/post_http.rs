//! The vendors' routes over real HTTP, through the kit's listener.
#![allow(clippy::unwrap_used, clippy::panic)]

mod running;

use reqwest::RequestBuilder;
use running::{Running, running};
use serde_json::{Value, json};

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const ANN: &str = "ann@example.com";
const PHONE: &str = "%2B491701234567";

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

impl Running {
    async fn mail(&self, key: &str) -> (u16, Value) {
        let body = json!({ "from": "us@example.com", "to": [ANN], "subject": "Your code", "text": "123456" });
        answer(
            self.http
                .post(format!("{}/resend/emails", self.url))
                .bearer_auth("re_1")
                .header("Idempotency-Key", key)
                .json(&body),
        )
        .await
    }

    async fn text(&self) -> (u16, Value) {
        let url = format!("{}/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json", self.url);
        let form = format!("To={PHONE}&From=%2B15005550006&Body=Your+code+is+123456");
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
        answer(request.basic_auth(ACCOUNT, Some("token"))).await
    }

    async fn came(&self, to: &str) -> Vec<Value> {
        let (status, body) = answer(self.http.get(format!("{}/sandbox/messages?to={to}", self.url))).await;
        assert_eq!(status, 200);
        body["messages"].as_array().unwrap().clone()
    }

    async fn wish(&self, wish: &Value) -> (u16, Value) {
        answer(self.http.post(format!("{}/sandbox/faults", self.url)).json(wish)).await
    }
}

#[tokio::test]
async fn a_mail_is_sent_shown_and_found_in_its_mailbox() {
    let f = running().await;
    let (status, sent) = f.mail("k").await;
    assert_eq!(status, 200);
    assert_eq!(f.mail("k").await.1, sent);
    let url = format!("{}/resend/emails/{}", f.url, sent["id"].as_str().unwrap());
    let (status, mail) = answer(f.http.get(&url).bearer_auth("re_1")).await;
    assert_eq!((status, &mail["to"], &mail["last_event"]), (200, &json!([ANN]), &json!("delivered")));
    assert_eq!(answer(f.http.get(&url)).await.1["name"], "missing_api_key");
    let came = f.came(ANN).await;
    assert_eq!((came.len(), &came[0]["channel"], &came[0]["text"]), (1, &json!("email"), &json!("123456")));
}

#[tokio::test]
async fn a_text_is_sent_shown_and_found_on_its_telephone() {
    let f = running().await;
    let (status, sent) = f.text().await;
    assert_eq!((status, &sent["status"], &sent["to"]), (201, &json!("queued"), &json!("+491701234567")));
    let url = format!("{}/twilio{}", f.url, sent["uri"].as_str().unwrap());
    let (status, text) = answer(f.http.get(&url).basic_auth(ACCOUNT, Some("token"))).await;
    assert_eq!((status, &text["status"], &text["sid"]), (200, &json!("delivered"), &sent["sid"]));
    assert_eq!(answer(f.http.get(&url)).await.1["code"], 20003);
    let came = f.came(PHONE).await;
    assert_eq!((came.len(), &came[0]["text"]), (1, &json!("Your code is 123456")));
}

#[tokio::test]
async fn failures_come_before_or_after_the_deed_as_wished() {
    let f = running().await;
    let wish = |vendor: &str, moment: &str, times: u32| json!({ "vendor": vendor, "moment": moment, "status": 503, "times": times });
    assert_eq!(f.wish(&wish("resend", "before", 1)).await.0, 204);
    assert_eq!(f.mail("a").await.0, 503);
    assert!(f.came(ANN).await.is_empty());
    f.wish(&wish("resend", "after", 1)).await;
    assert_eq!(f.mail("a").await.0, 503);
    assert_eq!(f.mail("a").await.0, 200);
    assert_eq!(f.came(ANN).await.len(), 1, "the same key, so the same mail");
    f.wish(&wish("twilio", "after", 1)).await;
    assert_eq!((f.text().await.0, f.came(PHONE).await.len()), (503, 1));
    let (status, problem) = f.wish(&json!({ "vendor": "twilio", "moment": "after", "status": 200, "times": 1 })).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/status")));
    assert_eq!(f.wish(&wish("nobody", "after", 1)).await.0, 422);
}

#[tokio::test]
async fn tokens_of_captchas_are_judged_as_their_vendors_do() {
    let f = running().await;
    let solved = json!({ "vendor": "turnstile", "hostname": "www.example.com", "action": "contact" });
    let (status, minted) = answer(f.http.post(format!("{}/sandbox/captcha/tokens", f.url)).json(&solved)).await;
    assert_eq!(status, 200, "{minted}");
    let asked = json!({ "secret": format!("0x4{}", "A".repeat(32)), "response": minted["token"] });
    let turnstile = format!("{}/cloudflare/turnstile/v0/siteverify", f.url);
    let (status, said) = answer(f.http.post(&turnstile).json(&asked)).await;
    assert_eq!((status, &said["success"], &said["action"]), (200, &json!(true), &json!("contact")), "{said}");
    assert_eq!(answer(f.http.post(&turnstile).json(&asked)).await.1["error-codes"], json!(["timeout-or-duplicate"]));
    // The secret for tests, in a form as both vendors take it.
    let form = "secret=6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe&response=any";
    let request = f.http.post(format!("{}/google/recaptcha/api/siteverify", f.url));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let (status, said) = answer(request).await;
    assert_eq!((status, &said["success"], &said["hostname"]), (200, &json!(true), &json!("testkey.google.com")));
    let (_, calls) = answer(f.http.get(format!("{}/sandbox/calls", f.url))).await;
    assert_eq!((&calls["turnstile"], &calls["recaptcha"]), (&json!(2), &json!(1)));
}
