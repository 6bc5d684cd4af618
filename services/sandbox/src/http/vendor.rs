//! What the vendors' routes share: failures on request, and answers in a vendor's own form. In: a call. Out: its answer, or the
//! one that was wished for.

use crate::post::fault::{Faults, Moment, Vendor};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

/// Does `call`, unless a wish comes before it; answers with its outcome, unless a wish comes after it.
pub(super) fn answered(faults: &Faults, vendor: Vendor, call: impl FnOnce() -> Response) -> Response {
    let Some(fault) = faults.next(vendor) else { return call() };
    if fault.moment == Moment::After {
        drop(call());
    }
    status(fault.status).into_response()
}

/// The same for a call that takes its time.
pub(super) async fn answered_later(faults: &Faults, vendor: Vendor, call: impl Future<Output = Response>) -> Response {
    let Some(fault) = faults.next(vendor) else { return call.await };
    if fault.moment == Moment::After {
        drop(call.await);
    }
    status(fault.status).into_response()
}

/// `success` with a document, or a refusal with the status it names.
pub(super) fn document<T: Serialize, E: Serialize>(
    outcome: Result<T, E>,
    success: StatusCode,
    refused: impl Fn(&E) -> u16,
) -> Response {
    match outcome {
        Ok(document) => (success, Json(document)).into_response(),
        Err(refusal) => (status(refused(&refusal)), Json(refusal)).into_response(),
    }
}

pub(super) fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
