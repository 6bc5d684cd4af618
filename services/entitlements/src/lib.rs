//! Billing's word on what an account's plan gives. In comes an account; out goes leave, a number of seats, or the reason why not. Must not keep an answer: a
//! subscription ends, or changes, at any moment.
//!
//! A crate of its own because several services ask the same; how long an answer is waited for, and what is said while Billing is away, is decided here, once.

use std::time::Duration;

use rerp_kit::client::{Repeat, ServiceClient};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{DEPENDENCY_UNAVAILABLE, NOT_ENTITLED};
use rerp_kit::telemetry::chain;
use rerp_proto::billing::v1::entitlements_client::EntitlementsClient;
use rerp_proto::billing::v1::{CheckAnswer, CheckRequest};
use uuid::Uuid;

/// How long an answer is waited for, repetitions included; a request's own deadline may be nearer. Shorter than a request may take, so that
/// a silent Billing is told as what it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client of Billing. Clones share connections.
#[derive(Debug, Clone)]
pub struct Billing {
    service: ServiceClient,
}

impl Billing {
    /// Wraps a client for the service.
    #[must_use]
    pub fn new(service: ServiceClient) -> Self {
        Self { service }
    }

    /// Makes sure that an account is entitled to what its plan gives, as Billing says in this moment.
    ///
    /// # Errors
    /// A problem for the caller: it isn't, or nobody can tell, and not to know is no leave.
    pub async fn must_entitle(&self, account: Uuid) -> Result<(), Problem> {
        let answer = self.check(account).await?;
        if answer.entitled { Ok(()) } else { Err(Problem::new(NOT_ENTITLED).detail(why(&answer))) }
    }

    /// How many people may have a role in an account, as Billing says in this moment; none where it gives no number: the plan says nothing
    /// of it, or the account is not entitled to one.
    ///
    /// # Errors
    /// A problem for the caller: nobody can tell, and not to know is no leave.
    pub async fn seats(&self, account: Uuid) -> Result<Option<u32>, Problem> {
        Ok(self.check(account).await?.seats)
    }

    async fn check(&self, account: Uuid) -> Result<CheckAnswer, Problem> {
        let message = CheckRequest { account_id: account.to_string() };
        let ask = |line, request| async move { EntitlementsClient::new(line).check(request).await };
        self.service.call_within(PATIENCE, message, Repeat::Idempotent, ask).await.map_err(|error| {
            tracing::warn!(error = chain(&error), "billing can't say what an account's plan gives");
            Problem::new(DEPENDENCY_UNAVAILABLE)
                .detail("what the account's plan gives can't be found out right now: the service `billing` could not be asked")
                .retry_after(1)
        })
    }
}

/// The reason and the status, where they are the single words that they should be.
fn why(answer: &CheckAnswer) -> String {
    let is_word =
        |text: &str| (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let reason = Some(answer.reason.as_str()).filter(|text| is_word(text)).unwrap_or("not_entitled");
    match Some(answer.status.as_str()).filter(|text| is_word(text)) {
        Some(status) => format!("{reason}: the account's subscription is {status}"),
        None => format!("{reason}: the account has nothing that gives it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_a_word() {
        let answer = |reason: &str, status: &str| {
            why(&CheckAnswer { reason: reason.to_owned(), status: status.to_owned(), ..CheckAnswer::default() })
        };
        assert_eq!(answer("not_paid", "past_due"), "not_paid: the account's subscription is past_due");
        assert_eq!(answer("no_subscription", ""), "no_subscription: the account has nothing that gives it");
        assert!(answer("mail ann@example.com", "x y").starts_with("not_entitled: the account has no"));
    }
}
