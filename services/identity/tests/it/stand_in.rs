//! The stand-ins for the vendors that carry codes. In: nothing. Out: their addresses, and what came of it.

use std::net::SocketAddr;

use rerp_identity::deliver::{Post, Resend, Twilio};
use serde_json::{Value, json};
use url::Url;

use crate::support::service::{answer, serve};
use crate::support::{until, visitor};

/// `http://` and the rest.
pub(crate) fn base(at: SocketAddr, path: &str) -> Url {
    format!("http://{at}{path}").parse().unwrap()
}

/// The six digits in a message.
pub(crate) fn code_in(text: &str) -> String {
    let digits = text.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 6);
    digits.unwrap().to_owned()
}

/// The stand-ins for both vendors, and the mailboxes they fill.
pub(crate) struct StandIn {
    pub(crate) at: SocketAddr,
    http: reqwest::Client,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        Self { at: serve(rerp_sandbox::http::router(visitor())).await, http: visitor() }
    }

    /// Both vendors, as Identity is pointed at them.
    pub(crate) fn post(&self) -> Post {
        let (http, key) = (self.http.clone(), "re_key".into());
        let mail = Resend { http: http.clone(), base: base(self.at, "/resend"), key, from: "codes@example.com".into() };
        let account = "AC00000000000000000000000000000001".to_owned();
        let (token, from) = ("0123456789abcdef0123456789abcdef".into(), "+16502530000".into());
        Post { mail, text: Twilio { http, base: base(self.at, "/twilio"), account, token, from } }
    }

    /// Spoils the next call of a vendor after it has done what it was asked for.
    pub(crate) async fn lose_an_answer(&self, vendor: &str) {
        let wish = json!({ "vendor": vendor, "moment": "after", "status": 503, "times": 1 });
        let request = self.http.post(base(self.at, "/sandbox/faults")).json(&wish);
        assert_eq!(request.send().await.unwrap().status().as_u16(), 204);
    }

    pub(crate) async fn messages(&self, to: &str) -> Vec<Value> {
        let mut url = base(self.at, "/sandbox/messages");
        url.query_pairs_mut().append_pair("to", to);
        answer(self.http.get(url)).await.2["messages"].as_array().unwrap().clone()
    }

    /// How often a vendor was called.
    pub(crate) async fn calls(&self, vendor: &str) -> u64 {
        answer(self.http.get(base(self.at, "/sandbox/calls"))).await.2[vendor].as_u64().unwrap()
    }

    /// The code in the only message that came to `to`.
    pub(crate) async fn code(&self, to: &str) -> String {
        until("the message to come", async || !self.messages(to).await.is_empty()).await;
        let messages = self.messages(to).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        code_in(messages[0]["text"].as_str().unwrap())
    }
}
