//! Account's registry of companies. In comes what a visitor typed; out goes the identifier of that company, or why there is
//! none. Must not make a visitor wait for long: a form is worth more than the company in it.

use std::time::Duration;

use rerp_kit::client::{CallError, Repeat, ServiceClient};
use rerp_kit::metrics::Metrics;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_kit::telemetry::chain;
use rerp_proto::account::v1::UpsertCompanyRequest;
use rerp_proto::account::v1::company_service_client::CompanyServiceClient;
use tokio::time::timeout;
use uuid::Uuid;

use super::known::Known;

/// How long an answer is waited for, repetitions included; a request's own deadline may be nearer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long an answer that others may have asked for is waited for: who takes over from one that left would begin anew otherwise. A little longer, so that a call
/// that is given up is counted as that.
const TOGETHER: Duration = Duration::from_millis(1100);

/// A client of Account. Clones share connections and what is known.
#[derive(Debug, Clone)]
pub struct Account {
    service: ServiceClient,
    known: Known,
}

/// Why there is no identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCompany {
    /// This is no company's name, and asking again would not change that. Holds what would be right.
    Refused(String),
    /// Account could not say. The cause has been logged.
    Away,
}

impl Account {
    /// Wraps a client for the service.
    #[must_use]
    pub fn new(service: ServiceClient, metrics: &Metrics) -> Self {
        Self { service, known: Known::new("company", metrics) }
    }

    /// The identifier of a company, new or known. One that was seen within the hour, in this spelling, needs no Account.
    ///
    /// # Errors
    /// See [`NoCompany`].
    pub async fn upsert_company(&self, name: &str) -> Result<Uuid, NoCompany> {
        let (service, typed) = (self.service.clone(), name.to_owned());
        let ask = async move || {
            let message = UpsertCompanyRequest { name: typed };
            let ask = |line, request| async move { CompanyServiceClient::new(line).upsert_company(request).await };
            let answer = service.call_within(PATIENCE, message, Repeat::Idempotent, ask).await?;
            Uuid::try_parse(&answer.company_id).map_err(|_| CallError::Unreadable { service: "account" })
        };
        match timeout(TOGETHER, self.known.id(name, ask)).await {
            Ok(known) => known.map_err(|error| explain(&error)),
            Err(_) => Err(explain(&CallError::Silent { service: "account" })),
        }
    }
}

/// A name that Account refuses is the visitor's mistake. Whatever else went wrong must not cost a lead.
fn explain(error: &CallError) -> NoCompany {
    match error.refusal() {
        Some(remote) if remote.is(INVALID_VALUE) => {
            let detail = remote.errors.first().map_or("this is not a company's name", |field| &field.detail);
            NoCompany::Refused(detail.to_owned())
        }
        _ => {
            tracing::warn!(error = chain(error), "account can't name a company");
            NoCompany::Away
        }
    }
}
