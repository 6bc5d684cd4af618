//! Identity's registry of people. In comes an identifier; out goes whether it is somebody's, and whether that person is verified.
//! Existence is kept for a while; verification never, because what a person may do hangs on it.
//!
//! A crate of its own because several services ask the same; how long what they are told is good is decided here, once. Must not ask for
//! what identifies a person.
//!
//! [`invitation`] has people invited. [`erasing`] erases whom Identity says, in each service that holds something of people.
//! [`verified`] writes down what Identity announces, for whoever looks; nothing is decided by it.

pub mod erasing;
pub mod invitation;
pub mod verified;

use std::sync::Arc;
use std::time::Duration;

use rerp_kit::cache::{Bounds, Cache};
use rerp_kit::client::{CallError, Repeat, ServiceClient};
use rerp_kit::metrics::Metrics;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_kit::telemetry::chain;
use rerp_proto::identity::v1::person_service_client::PersonServiceClient;
use rerp_proto::identity::v1::{CheckPersonRequest, CheckPersonResponse};
use tokio::time::timeout;
use uuid::Uuid;

/// How long an answer is waited for, repetitions included; a request's own deadline may be nearer. Shorter than a request may
/// take, so that a silent Identity is told as what it is.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer that others may have asked for is waited for: who takes over from one that left would begin anew otherwise. A little longer, so that a call
/// that is given up is counted as that.
const TOGETHER: Duration = Duration::from_millis(2100);
/// A person doesn't stop being one but by being erased; the hard bound is how long an erased one may still be given a role.
const KEPT: Bounds = Bounds { soft: Duration::from_secs(60), hard: Duration::from_secs(600), capacity: 100_000 };

/// What Identity says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Address and telephone are proved.
    Verified,
    /// One is missing at least.
    NotVerified,
    /// Identity can't be asked.
    Unknown,
}

/// A client of Identity. Clones share connections and what is known.
#[derive(Debug, Clone)]
pub struct Identity {
    service: ServiceClient,
    people: Cache<Uuid, ()>,
}

/// Why nothing is kept of a person.
#[derive(Debug, thiserror::Error)]
enum NoPerson {
    /// Identity knows nobody by it. Not kept: the person may be made in the next moment.
    #[error("identity knows nobody by this identifier")]
    Unknown,
    /// Identity could not say.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Identity {
    /// Wraps a client for the service.
    #[must_use]
    pub fn new(service: ServiceClient, metrics: &Metrics) -> Self {
        Self { service, people: Cache::new("person", KEPT, metrics) }
    }

    /// Makes sure that there is such a person. `pointer` is where the identifier stands in the request.
    ///
    /// # Errors
    /// A problem for the caller: there is no such person, or Identity can't be used.
    pub async fn must_know(&self, human_name_id: Uuid, pointer: &str) -> Result<(), Problem> {
        let service = self.service.clone();
        let ask = async move || {
            if check(&service, human_name_id).await?.known { Ok(()) } else { Err(NoPerson::Unknown) }
        };
        let silent = || Err(Arc::new(NoPerson::Call(CallError::Silent { service: "identity" })));
        let known = timeout(TOGETHER, self.people.get(human_name_id, ask)).await.unwrap_or_else(|_| silent());
        known.map_err(|error| match error.as_ref() {
            NoPerson::Unknown => Problem::new(INVALID_VALUE).field(pointer, "nobody has this identifier"),
            NoPerson::Call(error) => {
                tracing::warn!(error = chain(error), "identity can't say whether a person is there");
                error.into()
            }
        })
    }

    /// Whether a person is verified, as Identity says in this moment.
    pub async fn proof(&self, human_name_id: Uuid) -> Proof {
        match check(&self.service, human_name_id).await {
            Ok(answer) => {
                let verified = answer.verification.is_some_and(|proved| proved.both_verified);
                if verified { Proof::Verified } else { Proof::NotVerified }
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "identity can't say whether a person is verified");
                Proof::Unknown
            }
        }
    }
}

async fn check(service: &ServiceClient, human_name_id: Uuid) -> Result<CheckPersonResponse, CallError> {
    let message = CheckPersonRequest { human_name_id: human_name_id.to_string() };
    let ask = |line, request| async move { PersonServiceClient::new(line).check_person(request).await };
    service.call_within(PATIENCE, message, Repeat::Idempotent, ask).await
}
