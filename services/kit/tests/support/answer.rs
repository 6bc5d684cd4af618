//! What a service under test says. In: a request. Out: its answer, read to its end, and what tests ask about it.

use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder};
use rerp_kit::problem::catalogue::{self, Kind};
use serde_json::{Value, json};

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The text as JSON; null if it is none.
    pub body: Value,
}

impl Answer {
    /// Sends a request and reads the whole answer.
    pub async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, body }
    }

    pub fn is(&self, kind: Kind) -> bool {
        is_problem(self.status, &self.body, kind)
    }

    /// Where the first mistake is.
    pub fn pointer(&self) -> &str {
        self.body["errors"][0]["pointer"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// A field that holds a text.
    pub fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.body)).to_owned()
    }

    pub fn replayed(&self) -> bool {
        self.headers.contains_key("idempotency-replayed")
    }
}

/// Whether this is a problem of this kind.
pub fn is_problem(status: u16, body: &Value, kind: Kind) -> bool {
    status == kind.status().as_u16() && body["type"] == json!(format!("{}{}", catalogue::BASE, kind.slug))
}

/// A request with these headers, and JSON in its body if there is any.
pub fn request(
    http: &Client,
    method: &str,
    url: String,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> RequestBuilder {
    let mut request = http.request(method.parse().unwrap(), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    }
}
