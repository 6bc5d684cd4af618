//! gRPC beside REST on one port. In come a service that tonic generated, problems, and statuses of others; out go routes,
//! statuses and what a status says in terms of the catalogue. Failures carry `google.rpc.ErrorInfo` (reason: the problem's
//! slug), `BadRequest` for fields and `RetryInfo`, so that clients in any language can read them.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tonic::server::NamedService;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::Service;

use crate::client::RemoteProblem;
use crate::problem::catalogue::{METHOD_NOT_ALLOWED, NO_SUCH_ROUTE};
use crate::problem::{FieldError, Problem};

/// Largest message a service takes, in bytes; as with bodies of REST, no honest one comes close.
pub const LARGEST_MESSAGE: usize = 64 * 1024;
/// Who defines the reasons in `ErrorInfo`.
const DOMAIN: &str = "rerp.dev";

/// Adds the calls of a generated server to a router, beside the routes it has.
pub fn mount<S>(router: Router, server: S) -> Router
where
    S: Service<Request, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    router.route_service(&path(S::NAME), server)
}

/// Where all calls of a service of the protocol are, as a router knows it.
pub(crate) fn path(service: &str) -> String {
    format!("/{service}/{{*call}}")
}

/// Whether a request is a gRPC call.
pub(crate) fn is_call(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// A problem document in the words of gRPC; every other answer as it is.
pub(crate) fn speak(response: Response) -> Response {
    match response.extensions().get::<Problem>() {
        Some(problem) => Status::from(problem.clone()).into_http::<Body>(),
        None => response,
    }
}

/// The code a gRPC answer ended with, if it ended at once.
pub(crate) fn code(response: &Response) -> Option<Code> {
    response.headers().get(Status::GRPC_STATUS).map(|code| Code::from_bytes(code.as_bytes()))
}

/// Whether a code is the callee's failure.
pub(crate) fn is_server_error(code: Code) -> bool {
    matches!(code, Code::Unknown | Code::DeadlineExceeded | Code::Internal | Code::Unavailable | Code::DataLoss)
}

impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        let mut details = ErrorDetails::new();
        details.set_error_info(problem.kind.slug, DOMAIN, []);
        for field in &problem.errors {
            details.add_bad_request_violation(&field.pointer, &field.detail);
        }
        if let Some(seconds) = problem.retry_after_s {
            details.set_retry_info(Some(Duration::from_secs(seconds.into())));
        }
        let message = problem.detail.unwrap_or_else(|| problem.kind.title.to_owned());
        Self::with_error_details(code_of(&problem.kind), message, details)
    }
}

fn code_of(kind: &crate::problem::catalogue::Kind) -> Code {
    if [NO_SUCH_ROUTE, METHOD_NOT_ALLOWED].contains(kind) {
        return Code::Unimplemented;
    }
    match kind.status() {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::CONFLICT => Code::Aborted,
        StatusCode::PRECONDITION_FAILED => Code::FailedPrecondition,
        StatusCode::TOO_MANY_REQUESTS => Code::ResourceExhausted,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        StatusCode::GATEWAY_TIMEOUT => Code::DeadlineExceeded,
        status if status.is_client_error() => Code::InvalidArgument,
        _ => Code::Internal,
    }
}

/// What a status says in terms of the catalogue; nothing where another language was spoken.
pub(crate) fn problem_of(status: &Status) -> RemoteProblem {
    let details = status.get_error_details();
    let reason = details.error_info().filter(|info| info.domain == DOMAIN).map(|info| info.reason.clone());
    let fields = details.bad_request().map(|request| request.field_violations.iter()).into_iter().flatten();
    let errors =
        fields.map(|field| FieldError { pointer: field.field.clone(), detail: field.description.clone() }).collect();
    RemoteProblem { slug: reason.unwrap_or_default(), errors }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::catalogue::{ALL, DATABASE_UNAVAILABLE, INVALID_VALUE};

    #[test]
    fn a_problem_survives_the_way_through_a_status() {
        for kind in ALL {
            let status = Status::from(Problem::new(kind).field("/email", "no address"));
            let read = problem_of(&status);
            assert!(read.is(kind), "{kind:?}");
            assert_eq!(read.errors, [FieldError { pointer: "/email".to_owned(), detail: "no address".to_owned() }]);
            assert_eq!(is_server_error(status.code()), kind.status().is_server_error(), "{kind:?}");
        }
    }

    #[test]
    fn callers_in_other_languages_learn_what_the_catalogue_says() {
        let status = Status::from(Problem::new(DATABASE_UNAVAILABLE).retry_after(1));
        assert_eq!((status.code(), status.message()), (Code::Unavailable, DATABASE_UNAVAILABLE.title));
        let retry = status.get_error_details().retry_info().and_then(|info| info.retry_delay);
        assert_eq!(retry, Some(Duration::from_secs(1)));
        assert_eq!(Status::from(Problem::new(INVALID_VALUE)).code(), Code::InvalidArgument);
    }

    #[test]
    fn a_stranger_s_status_is_no_problem_of_ours() {
        assert_eq!(problem_of(&Status::unavailable("no healthy upstream")), RemoteProblem::default());
    }

    #[test]
    fn only_problems_are_translated() {
        let problem = speak(Problem::new(INVALID_VALUE).into_response());
        assert_eq!((problem.status(), code(&problem)), (StatusCode::OK, Some(Code::InvalidArgument)));
        let other = speak("text".into_response());
        assert_eq!((other.status(), code(&other)), (StatusCode::OK, None));
    }
}
