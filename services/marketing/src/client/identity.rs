//! Identity's registry of addresses. In comes what a visitor typed; out goes the identifier of that address, or a
//! problem for the visitor. Must not store or log the address.

use std::time::Duration;

use rerp_kit::client::{CallError, Repeat, ServiceClient};
use rerp_kit::metrics::Metrics;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_kit::telemetry::chain;
use rerp_people::erasing::addresses;
use rerp_proto::identity::v1::confirmation_service_client::ConfirmationServiceClient;
use rerp_proto::identity::v1::email_service_client::EmailServiceClient;
use rerp_proto::identity::v1::{SendConfirmationRequest, UpsertEmailRequest};
use uuid::Uuid;

use super::known::Known;

/// How long a worker waits for Identity.
const PATIENCE: Duration = Duration::from_secs(5);

/// What becomes of a mail that Identity is to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter {
    /// Identity has taken it.
    OnItsWay,
    /// Identity doesn't send it now: nobody has the address, it isn't configured for it, too many were sent, or its vendor doesn't take it.
    NotSent,
    /// Identity can't be asked.
    Away,
}

/// A client of Identity. Clones share connections and what is known.
#[derive(Debug, Clone)]
pub struct Identity {
    service: ServiceClient,
    known: Known,
}

impl Identity {
    /// Wraps a client for the service.
    #[must_use]
    pub fn new(service: ServiceClient, metrics: &Metrics) -> Self {
        Self { service, known: Known::new("email", metrics) }
    }

    /// Identifiers of the addresses that are, or were, a person's and nobody else's.
    ///
    /// # Errors
    /// A problem: Identity can't be used.
    pub async fn addresses(&self, person: Uuid) -> Result<Vec<Uuid>, Problem> {
        addresses(&self.service, person).await.map_err(|error| Problem::from(&error))
    }

    /// Has the owner of an address asked by mail whether they meant what was left under it; `message` stays the same when it is the same mail.
    pub async fn confirm(&self, address: Uuid, token: &str, message: Uuid) -> Letter {
        let request = SendConfirmationRequest {
            email_address_id: address.to_string(),
            token: token.to_owned(),
            message_id: message.to_string(),
        };
        let ask = |line, request| async move { ConfirmationServiceClient::new(line).send_confirmation(request).await };
        match self.service.call_within(PATIENCE, request, Repeat::Idempotent, ask).await {
            Ok(answer) if answer.accepted => Letter::OnItsWay,
            Ok(_) => Letter::NotSent,
            Err(error) => {
                tracing::warn!(error = chain(&error), "identity can't be asked to send a confirmation");
                Letter::Away
            }
        }
    }

    /// The identifier of an address, new or known. One that was seen within the hour needs no Identity. `pointer` is where the
    /// address stands in the visitor's request.
    ///
    /// # Errors
    /// A problem for the visitor: the address is none, or Identity can't be used.
    pub async fn upsert_email(&self, email: &str, pointer: &str) -> Result<Uuid, Problem> {
        let (service, typed) = (self.service.clone(), email.to_owned());
        let ask = async move || {
            let answer = service
                .call(UpsertEmailRequest { email: typed }, Repeat::Idempotent, |line, request| async move {
                    EmailServiceClient::new(line).upsert_email(request).await
                })
                .await?;
            Uuid::try_parse(&answer.email_address_id).map_err(|_| CallError::Unreadable { service: "identity" })
        };
        self.known.id(email, ask).await.map_err(|error| explain(&error, pointer))
    }
}

/// An address that Identity refuses is the visitor's mistake; everything else is ours.
fn explain(error: &CallError, pointer: &str) -> Problem {
    match error.refusal() {
        Some(remote) if remote.is(INVALID_VALUE) => {
            let detail = remote.errors.first().map_or("this is not an email address", |field| &field.detail);
            Problem::new(INVALID_VALUE).field(pointer, detail)
        }
        _ => error.into(),
    }
}
