//! What Billing says an account's plan gives. In comes an account; out goes a number of seats, or the problem that nobody can tell. Must not keep an answer: a
//! subscription changes at any moment.

use std::time::Duration;

use rerp_kit::client::{Repeat, ServiceClient};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::DEPENDENCY_UNAVAILABLE;
use rerp_kit::telemetry::chain;
use rerp_proto::billing::v1::CheckRequest;
use rerp_proto::billing::v1::entitlements_client::EntitlementsClient;
use uuid::Uuid;

use crate::domain::seats::Seats;

/// How long an answer is waited for, repetitions included; a request's own deadline may be nearer.
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

    /// How many people may have a role in an account, as Billing says in this moment.
    ///
    /// # Errors
    /// A problem for the caller: nobody can tell, and not to know is no leave.
    pub async fn seats(&self, account: Uuid) -> Result<Seats, Problem> {
        let message = CheckRequest { account_id: account.to_string() };
        let ask = |line, request| async move { EntitlementsClient::new(line).check(request).await };
        match self.service.call_within(PATIENCE, message, Repeat::Idempotent, ask).await {
            Ok(answer) => Ok(Seats::of(answer.seats)),
            Err(error) => {
                tracing::warn!(error = chain(&error), "billing can't say how many seats an account has");
                Err(away())
            }
        }
    }
}

fn away() -> Problem {
    Problem::new(DEPENDENCY_UNAVAILABLE)
        .detail("whether the account's plan has a seat left can't be found out right now: the service `billing` could not be asked")
        .retry_after(1)
}
