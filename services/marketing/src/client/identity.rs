//! Identity's registry of addresses. In comes what a visitor typed; out goes the identifier of that address, or a
//! problem for the visitor. Must not store or log the address.

use rerp_kit::client::{CallError, Repeat, ServiceClient};
use rerp_kit::metrics::Metrics;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::known::Known;

/// A client of Identity. Clones share connections and what is known.
#[derive(Debug, Clone)]
pub struct Identity {
    service: ServiceClient,
    known: Known,
}

#[derive(Serialize)]
struct Upsert<'a> {
    email: &'a str,
}

/// Fields that a newer Identity adds are none of our business, so this type is not strict.
#[derive(Deserialize)]
struct Upserted {
    email_address_id: Uuid,
}

impl Identity {
    /// Wraps a client for the service.
    #[must_use]
    pub fn new(service: ServiceClient, metrics: &Metrics) -> Self {
        Self { service, known: Known::new("email", metrics) }
    }

    /// The identifier of an address, new or known. One that was seen within the hour needs no Identity. `pointer` is where the
    /// address stands in the visitor's request.
    ///
    /// # Errors
    /// A problem for the visitor: the address is none, or Identity can't be used.
    pub async fn upsert_email(&self, email: &str, pointer: &str) -> Result<Uuid, Problem> {
        let (service, typed) = (self.service.clone(), email.to_owned());
        let ask = async move || {
            let answer: Result<Upserted, CallError> =
                service.post("/api/identity/email/upsert", &Upsert { email: &typed }, Repeat::Idempotent).await;
            answer.map(|upserted| upserted.email_address_id)
        };
        self.known.id(email, ask).await.map_err(|error| explain(&error, pointer))
    }
}

/// An address that Identity refuses is the visitor's mistake; everything else is ours.
fn explain(error: &CallError, pointer: &str) -> Problem {
    match error.refusal() {
        Some((_, remote)) if remote.is(INVALID_VALUE) => {
            let detail = remote.errors.first().map_or("this is not an email address", |field| &field.detail);
            Problem::new(INVALID_VALUE).field(pointer, detail)
        }
        _ => error.into(),
    }
}
