//! One request and its answer. In: everything about a request. Out: a status and a document, whatever it is. Must not judge.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

use super::Error;

/// How long an answer may take: more than any service takes to say that it can't.
const ANSWER: Duration = Duration::from_secs(15);
/// The longest answer that is read.
const LARGEST: u64 = 8 << 20;

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// A document; a text if it is none, null if there is nothing.
    pub(crate) body: Value,
    /// When trying again may help.
    pub(crate) again: Option<Duration>,
}

/// Sends requests, and follows nobody elsewhere.
#[derive(Debug)]
pub(crate) struct Client(Agent);

impl Client {
    pub(crate) fn new() -> Self {
        let config = Agent::config_builder().timeout_global(Some(ANSWER)).http_status_as_error(false).max_redirects(0);
        // Proxies of the environment are for the outside world.
        Self(config.max_redirects_will_error(false).proxy(None).build().into())
    }

    /// Sends a request. Headers whose value is empty are left out.
    pub(crate) fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Result<Answer, Error> {
        let given = headers.iter().filter(|(_, value)| !value.is_empty());
        let request = given
            .fold(Request::builder().method(method).uri(url), |request, (name, value)| request.header(*name, *value));
        let sent = match body {
            Some(text) => request.body(text.to_owned()).map_err(ureq::Error::from).and_then(|all| self.0.run(all)),
            // An empty body has a length, which no body at all lacks where there might be one.
            None if ["POST", "PUT"].contains(&method) => {
                request.body("").map_err(ureq::Error::from).and_then(|all| self.0.run(all))
            }
            None => request.body(()).map_err(ureq::Error::from).and_then(|all| self.0.run(all)),
        };
        let lost = |source| Error::Lost(Box::new(source));
        let mut answer = sent.map_err(lost)?;
        let again: Option<u64> =
            answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(LARGEST).read_to_string().map_err(lost)?;
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        Ok(Answer { status, body, again: again.map(Duration::from_secs) })
    }
}
