//! How a call can end badly. Must not show what the other service said: it may hold data.

use std::error::Error;

use tonic::{Code, ConnectError, Status, TimeoutExpired};

use crate::grpc;
use crate::problem::catalogue::{DEADLINE_EXCEEDED, DEPENDENCY_UNAVAILABLE, INTERNAL, Kind};
use crate::problem::{FieldError, Problem};
use crate::telemetry::chain;

/// What we understand of another service's refusal. Everything is optional: the answer may come from something in
/// between that speaks another language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteProblem {
    /// The kind's slug.
    pub slug: String,
    /// Mistakes by field.
    pub errors: Vec<FieldError>,
}

impl RemoteProblem {
    /// Whether it is of this kind.
    #[must_use]
    pub fn is(&self, kind: Kind) -> bool {
        self.slug == kind.slug
    }
}

/// A call that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No answer, or not all of it.
    #[error("calling {service}")]
    Unreachable {
        /// The service called.
        service: &'static str,
        /// Why.
        source: Status,
    },
    /// An answer that says no.
    #[error("{service} answered {code:?}")]
    Refused {
        /// The service called.
        service: &'static str,
        /// The code.
        code: Code,
        /// What it said.
        problem: RemoteProblem,
    },
    /// The client can't be set up.
    #[error("setting up TLS for calls to {service}")]
    Setup {
        /// The service to call.
        service: &'static str,
        /// Why.
        source: rustls::Error,
    },
    /// The address isn't one.
    #[error("reading the address of {service}")]
    BadAddress {
        /// The service to call.
        service: &'static str,
    },
    /// The answer breaks the protocol: a field doesn't hold what it is declared to hold.
    #[error("reading what {service} answered")]
    Unreadable {
        /// The service called.
        service: &'static str,
    },
    /// No answer for as long as the caller was patient, which is less than its request may take.
    #[error("{service} did not answer in time")]
    Silent {
        /// The service called.
        service: &'static str,
    },
    /// The request's time was over before the answer.
    #[error("no time left for the call to {service}")]
    OutOfTime {
        /// The service called.
        service: &'static str,
    },
}

impl CallError {
    /// What a status means. One that was made on this side has a cause; one that was answered has none.
    pub(crate) fn of(service: &'static str, status: Status) -> Self {
        if within::<TimeoutExpired>(&status).is_some() {
            return Self::OutOfTime { service };
        }
        match Error::source(&status) {
            Some(_) => Self::Unreachable { service, source: status },
            None => Self::Refused { service, code: status.code(), problem: grpc::problem_of(&status) },
        }
    }

    /// The problem the other service answered with, if it said no.
    #[must_use]
    pub fn refusal(&self) -> Option<&RemoteProblem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// Whether the other service can't have seen the call.
    pub(crate) fn was_never_received(&self) -> bool {
        matches!(self, Self::Unreachable { source, .. } if within::<ConnectError>(source).is_some())
    }

    /// Whether the same call may do better a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Refused { code: Code::Unavailable, .. })
    }

    /// Label for metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Refused { .. } => "refused",
            Self::Setup { .. } | Self::BadAddress { .. } | Self::Unreadable { .. } => "unusable",
            Self::Silent { .. } => "silent",
            Self::OutOfTime { .. } => "out_of_time",
        }
    }
}

/// The first error of this type in a chain of causes.
fn within<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

impl From<&CallError> for Problem {
    /// For callers who have nothing better to say. Logs the cause, here and only here.
    fn from(error: &CallError) -> Self {
        tracing::warn!(error = chain(error), "a call to another service failed");
        match error {
            CallError::OutOfTime { .. } => Self::new(DEADLINE_EXCEEDED),
            CallError::Setup { .. } | CallError::BadAddress { .. } | CallError::Unreadable { .. } => {
                Self::new(INTERNAL)
            }
            CallError::Silent { service } => Self::new(DEPENDENCY_UNAVAILABLE)
                .detail(format!("the service `{service}` did not answer in time"))
                .retry_after(1),
            CallError::Unreachable { service, .. } | CallError::Refused { service, .. } => {
                Self::new(DEPENDENCY_UNAVAILABLE)
                    .detail(format!("the service `{service}` could not do its part"))
                    .retry_after(1)
            }
        }
    }
}
