//! What Billing says an account has paid for. In comes an account; out goes leave, or the reason why not. Must not keep an answer: a
//! subscription ends at any moment.

use rerp_kit::client::{Repeat, ServiceClient};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_ENTITLED;
use rerp_kit::telemetry::chain;
use rerp_proto::billing::v1::entitlements_client::EntitlementsClient;
use rerp_proto::billing::v1::{CheckAnswer, CheckRequest};
use uuid::Uuid;

use super::{PATIENCE, away};

/// What can't be found out while Billing is away.
const WHETHER: &str = "whether the account is entitled to tests";

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

    /// Makes sure that an account is entitled to tests, as Billing says in this moment.
    ///
    /// # Errors
    /// A problem for the caller: it isn't, or nobody can tell.
    pub async fn must_entitle(&self, account_id: Uuid) -> Result<(), Problem> {
        let message = CheckRequest { account_id: account_id.to_string() };
        let ask = |line, request| async move { EntitlementsClient::new(line).check(request).await };
        match self.service.call_within(PATIENCE, message, Repeat::Idempotent, ask).await {
            Ok(answer) if answer.entitled => Ok(()),
            Ok(answer) => Err(Problem::new(NOT_ENTITLED).detail(why(&answer))),
            Err(error) => {
                tracing::warn!(error = chain(&error), "billing can't say what an account is entitled to");
                Err(away("billing", WHETHER))
            }
        }
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
