//! How a call can end badly. Must not show addresses or what the other service said: both may hold data.

use axum::http::StatusCode;
use serde::Deserialize;

use crate::problem::catalogue::{BASE, DEADLINE_EXCEEDED, DEPENDENCY_UNAVAILABLE, INTERNAL, Kind};
use crate::problem::{FieldError, Problem};
use crate::telemetry::chain;

/// What we understand of another service's problem document. Everything is optional: the answer may come from
/// something in between that speaks another language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RemoteProblem {
    /// The problem type, an address.
    pub r#type: String,
    /// Mistakes by field.
    pub errors: Vec<FieldError>,
}

impl RemoteProblem {
    /// Whether it is of this kind.
    #[must_use]
    pub fn is(&self, kind: Kind) -> bool {
        self.r#type.strip_prefix(BASE) == Some(kind.slug)
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
        source: reqwest::Error,
    },
    /// An answer that says no.
    #[error("{service} answered {status}")]
    Refused {
        /// The service called.
        service: &'static str,
        /// The status.
        status: StatusCode,
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
    /// The body or the answer is not the JSON it should be.
    #[error("reading or writing the message of a call to {service}")]
    Unreadable {
        /// The service called.
        service: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// The answer is larger than any honest one.
    #[error("the answer of {service} is too large")]
    TooLarge {
        /// The service called.
        service: &'static str,
    },
    /// The path isn't one.
    #[error("building the address of a call to {service}")]
    BadPath {
        /// The service called.
        service: &'static str,
    },
    /// The request's time was over before the call.
    #[error("no time left to call {service}")]
    OutOfTime {
        /// The service called.
        service: &'static str,
    },
}

impl CallError {
    pub(crate) fn unreachable(service: &'static str, source: reqwest::Error) -> Self {
        Self::Unreachable { service, source: source.without_url() }
    }

    /// The problem the other service answered with, if it said no.
    #[must_use]
    pub fn refusal(&self) -> Option<(StatusCode, &RemoteProblem)> {
        match self {
            Self::Refused { status, problem, .. } => Some((*status, problem)),
            _ => None,
        }
    }

    /// Whether the other service can't have seen the call.
    pub(crate) fn was_never_received(&self) -> bool {
        matches!(self, Self::Unreachable { source, .. } if source.is_connect())
    }

    /// Whether the same call may do better a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => !source.is_builder(),
            Self::Refused { status, .. } => {
                [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT].contains(status)
            }
            Self::Setup { .. }
            | Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::BadPath { .. }
            | Self::OutOfTime { .. } => false,
        }
    }

    /// Label for metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Refused { .. } => "refused",
            Self::Setup { .. } | Self::Unreadable { .. } | Self::TooLarge { .. } | Self::BadPath { .. } => "unusable",
            Self::OutOfTime { .. } => "out_of_time",
        }
    }
}

impl From<&CallError> for Problem {
    /// For callers who have nothing better to say. Logs the cause, here and only here.
    fn from(error: &CallError) -> Self {
        tracing::warn!(error = chain(error), "a call to another service failed");
        match error {
            CallError::OutOfTime { .. } => Self::new(DEADLINE_EXCEEDED),
            CallError::Setup { .. }
            | CallError::Unreadable { .. }
            | CallError::TooLarge { .. }
            | CallError::BadPath { .. } => Self::new(INTERNAL),
            CallError::Unreachable { service, .. } | CallError::Refused { service, .. } => {
                Self::new(DEPENDENCY_UNAVAILABLE)
                    .detail(format!("the service `{service}` could not do its part"))
                    .retry_after(1)
            }
        }
    }
}
