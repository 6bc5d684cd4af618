//! The trading service, over HTTP: markets, orders and fills. In come wishes and actions; out go bars that are visible, rows of its ledger
//! and results, all of them exact. Must not repeat an action by itself: whoever has written it down does. Must not show what it said in
//! words.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;

use crate::domain::exact::is_exact;
use crate::domain::scenario::Config;

/// How long an answer is waited for. A request of ours may wait for four: an action and a look, of the open one and of its own.
const PATIENCE: Duration = Duration::from_secs(2);
/// Largest answer in bytes: the longest scenario with all its rows is below it.
const LARGEST: usize = 16 * 1024 * 1024;

/// A client. Clones share connections.
#[derive(Debug, Clone)]
pub struct Trading {
    http: reqwest::Client,
    base: Url,
}

/// Why the trading service gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum TradingError {
    /// It was not reached, or its answer was lost.
    #[error("calling the trading service")]
    Unreachable(#[source] reqwest::Error),
    /// It did not answer in time.
    #[error("the trading service did not answer in time")]
    Silent,
    /// It can't just now.
    #[error("the trading service answered {0}")]
    Unable(StatusCode),
    /// It knows no such scenario any more.
    #[error("the trading service has no such scenario")]
    Gone,
    /// It refuses what was asked, or is somewhere else than expected.
    #[error("the trading service refused with {0}")]
    Refused(StatusCode),
    /// It answered something that is none of its answers.
    #[error("reading what the trading service answered")]
    Unreadable,
}

/// A scenario as it is there.
#[derive(Debug, Clone, Deserialize)]
pub struct State {
    /// Its identifier there.
    pub id: String,
    /// What it expects next.
    pub seq: i64,
    /// How many bars it has in the end.
    pub total_bars: i32,
    /// Those that are visible.
    pub bars: Vec<Value>,
    /// All rows of its ledger, each with its `seq`.
    pub rows: Vec<Value>,
    /// Where things stand.
    pub results: Value,
}

/// What an action did.
#[derive(Debug, Clone, Deserialize)]
pub struct Effect {
    /// What it expects next.
    pub seq: i64,
    /// Rows that were added.
    pub rows: Vec<Value>,
    /// Bars that have become visible.
    pub bars: Vec<Value>,
    /// Where things stand.
    pub results: Value,
}

/// What a scenario begins with there.
#[derive(Serialize)]
struct Begin<'a> {
    seed: i64,
    kind: &'a str,
    #[serde(flatten)]
    config: &'a Config,
}

impl Trading {
    /// A client of the service at `base`, such as `http://sandbox:8080/trading`.
    #[must_use]
    pub fn new(http: reqwest::Client, base: Url) -> Self {
        Self { http, base }
    }

    /// Begins a scenario. The same seed and wish give the same market each time, so asking again after a lost answer does no harm; what was
    /// begun and never used goes by itself there.
    ///
    /// # Errors
    /// See [`TradingError`].
    pub async fn begin(&self, seed: i64, kind: &str, config: &Config) -> Result<State, TradingError> {
        let wish = Begin { seed, kind, config };
        ask(self.http.post(self.at(&["scenarios"])?).json(&wish)).await
    }

    /// Acts. Sent twice it acts once: the second time it is refused, because the scenario has moved on.
    ///
    /// # Errors
    /// See [`TradingError`].
    pub async fn act(&self, id: &str, expected_seq: i64, action: &Value) -> Result<Effect, TradingError> {
        let act = json!({ "expected_seq": expected_seq, "action": action });
        ask(self.http.post(self.at(&["scenarios", id, "actions"])?).json(&act)).await
    }

    /// A scenario as it is.
    ///
    /// # Errors
    /// See [`TradingError`].
    pub async fn state(&self, id: &str) -> Result<State, TradingError> {
        match ask(self.http.get(self.at(&["scenarios", id])?)).await {
            // There is nothing in a look that could be refused, or would be granted another time: the scenario is lost to us.
            Err(TradingError::Refused(_)) => Err(TradingError::Gone),
            answer => answer,
        }
    }

    fn at(&self, path: &[&str]) -> Result<Url, TradingError> {
        let mut url = self.base.clone();
        // Settings have made sure that it is an address with a path. Segments are escaped: an identifier is the other side's text.
        url.path_segments_mut().map_err(|()| TradingError::Unreadable)?.pop_if_empty().extend(path);
        Ok(url)
    }
}

async fn ask<T: for<'d> Deserialize<'d>>(request: RequestBuilder) -> Result<T, TradingError> {
    let asking = async {
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = read(response).await?;
        match status {
            _ if status.is_success() => parse(&body),
            StatusCode::NOT_FOUND => Err(TradingError::Gone),
            StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => Err(TradingError::Refused(status)),
            _ => Err(TradingError::Unable(status)),
        }
    };
    timeout(PATIENCE, asking).await.map_err(|_| TradingError::Silent)?
}

fn unreachable(error: reqwest::Error) -> TradingError {
    TradingError::Unreachable(error.without_url())
}

async fn read(mut response: Response) -> Result<Vec<u8>, TradingError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(TradingError::Unreadable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse<T: for<'d> Deserialize<'d>>(body: &[u8]) -> Result<T, TradingError> {
    let value: Value = serde_json::from_slice(body).map_err(|_| TradingError::Unreadable)?;
    if !is_exact(&value) {
        return Err(TradingError::Unreadable);
    }
    serde_json::from_value(value).map_err(|_| TradingError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_below_the_base() {
        for base in ["http://sandbox:8080/trading", "http://sandbox:8080/trading/"] {
            let trading =
                Trading::new(rerp_kit::client::builder(None).unwrap().build().unwrap(), base.parse().unwrap());
            let at = trading.at(&["scenarios", "a/../b", "actions"]).unwrap();
            assert_eq!(at.as_str(), "http://sandbox:8080/trading/scenarios/a%2F..%2Fb/actions");
        }
    }

    #[test]
    fn inexact_answers_are_none() {
        let effect = |cash: &str| format!(r#"{{"seq":1,"rows":[],"bars":[],"results":{{"cash":{cash}}}}}"#);
        assert!(parse::<Effect>(effect("\"1.5\"").as_bytes()).is_ok());
        assert!(matches!(parse::<Effect>(effect("1.5").as_bytes()), Err(TradingError::Unreadable)));
    }
}
