//! `POST /start`, `POST /stop`, `GET /report`, `GET /ledger`, `GET /journeys`: parse, call, answer.

use super::ledger::{forms_of, journeys_of};
use super::report::{Report, Window};
use crate::load::control::{Control, ControlError};
use crate::load::plan::Wish;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

/// What a caller did wrong, as an RFC 9457 problem.
pub(super) struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let title = self.0.canonical_reason().unwrap_or("Refused");
        let body = json!({ "type": "about:blank", "title": title, "status": self.0.as_u16(), "detail": self.1 });
        (self.0, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        let status = match error {
            ControlError::Running(_) | ControlError::None => StatusCode::CONFLICT,
            ControlError::Bounds(_) | ControlError::NoPlaces | ControlError::Nobody(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            ControlError::Declare(_) => StatusCode::SERVICE_UNAVAILABLE,
            ControlError::Ledger(_) | ControlError::StopTimeout(_) | ControlError::Client(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Self(status, error.to_string())
    }
}

/// `POST /start` with an optional JSON body; answers 202 and the run's first report.
pub(super) async fn start(State(control): State<Arc<Control>>, body: Bytes) -> Result<Response, Refusal> {
    // No `Json` extractor: an API server's proxy sends no content type along, and an empty body is a wish for nothing.
    let wish = match body.trim_ascii() {
        [] => Wish::default(),
        text => serde_json::from_slice(text).map_err(|e| Refusal(StatusCode::UNPROCESSABLE_ENTITY, e.to_string()))?,
    };
    let view = control.start(&wish).await?;
    let report = Report::of(&view, &Window::default());
    Ok((StatusCode::ACCEPTED, Json(report)).into_response())
}

/// `POST /stop`: answers with the report once nothing is under way any more.
pub(super) async fn stop(State(control): State<Arc<Control>>) -> Result<Json<Report>, Refusal> {
    let view = control.stop().await?;
    Ok(Json(Report::of(&view, &Window::default())))
}

/// `GET /report?at=…&beforeMs=…&afterMs=…`.
pub(super) async fn report(
    State(control): State<Arc<Control>>,
    Query(window): Query<Window>,
) -> Result<Json<Report>, Refusal> {
    let view = control.view().await?;
    Ok(Json(Report::of(&view, &window)))
}

/// `GET /ledger`: NDJSON, a line for each form.
pub(super) async fn ledger(State(control): State<Arc<Control>>) -> Result<Response, Refusal> {
    Ok(forms_of(control.view().await?.run))
}

/// `GET /journeys`: NDJSON, a line for each write of a journey.
pub(super) async fn journeys(State(control): State<Arc<Control>>) -> Result<Response, Refusal> {
    Ok(journeys_of(control.view().await?.run))
}
