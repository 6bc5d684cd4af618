//! Answers for what went wrong, as RFC 9457 `application/problem+json`. In come a kind and words about this case; out
//! goes a response. Must not show texts of drivers or of other services: they may hold data.

pub mod catalogue;
mod mistakes;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::context;
use crate::pool::DbError;
use crate::telemetry::chain;
use catalogue::{BASE, Kind};
pub use mistakes::{Mistake, Mistakes};

/// A mistake in one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldError {
    /// Where it is, a JSON pointer into the body (RFC 6901).
    pub pointer: String,
    /// What would be right.
    pub detail: String,
}

/// A problem to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub(crate) kind: Kind,
    pub(crate) detail: Option<String>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) retry_after_s: Option<u32>,
}

/// A problem, as RFC 9457 has it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Document<'a> {
    /// Which kind it is; the same for ever.
    r#type: String,
    /// The kind in words.
    title: &'a str,
    /// The status of the answer.
    status: u16,
    /// What is particular about this case.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// What is wrong in which field of the body.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// Finds the request in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    /// A problem of this kind and nothing more to say.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), retry_after_s: None }
    }

    /// Adds what is particular about this case.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a mistake in the body's field at `pointer`.
    #[must_use]
    pub fn field(mut self, pointer: &str, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.to_owned(), detail: detail.into() });
        self
    }

    /// Tells the caller when trying again may help, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.status();
        let document = Document {
            r#type: format!("{BASE}{}", self.kind.slug),
            title: self.kind.title,
            status: status.as_u16(),
            detail: self.detail.as_deref(),
            errors: &self.errors,
            request_id: context::request_id(),
        };
        // A struct of texts and numbers always serialises; an empty body would still carry the status.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (status, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // Whoever asked over gRPC gets it in those words.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DbError> for Problem {
    /// See the one for a reference.
    fn from(error: DbError) -> Self {
        Self::from(&error)
    }
}

impl From<&DbError> for Problem {
    /// Logs the cause, here and only here, and answers without it.
    fn from(error: &DbError) -> Self {
        tracing::warn!(error = chain(error), "a database call failed");
        match error {
            DbError::Refused(_) => Self::new(catalogue::INTERNAL),
            DbError::GaveUp { .. } | DbError::NoConnection => Self::new(catalogue::DATABASE_UNAVAILABLE).retry_after(1),
            DbError::InDoubt(_) => Self::new(catalogue::OUTCOME_UNKNOWN)
                .detail("send the request again with the same Idempotency-Key")
                .retry_after(1),
        }
    }
}
