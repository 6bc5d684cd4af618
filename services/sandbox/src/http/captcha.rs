//! `/google/recaptcha/api/siteverify`, `/cloudflare/turnstile/v0/siteverify`, and `POST /sandbox/captcha/tokens`, which stands for a visitor with a widget: parse, call, answer
//! as the vendors do.

use super::vendor::answered;
use super::world::World;
use crate::captcha::{Kind, Solved};
use crate::post::fault::Vendor;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use rerp_kit::http::Json;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::AT_CAPACITY;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use url::form_urlencoded;

/// `POST /google/recaptcha/api/siteverify`.
pub(super) async fn recaptcha(State(world): State<Arc<World>>, body: Bytes) -> Response {
    answered(&world.faults, Vendor::Recaptcha, || said(&world, Kind::Recaptcha, &form(&body)))
}

/// `POST /cloudflare/turnstile/v0/siteverify`: a form, or JSON.
pub(super) async fn turnstile(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    answered(&world.faults, Vendor::Turnstile, || {
        let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let is_json = kind.starts_with(b"application/json");
        let fields = if is_json { serde_json::from_slice(&body).unwrap_or_default() } else { form(&body) };
        said(&world, Kind::Turnstile, &fields)
    })
}

fn form(body: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(body).into_owned().collect()
}

fn said(world: &World, kind: Kind, fields: &HashMap<String, String>) -> Response {
    axum::Json(world.captchas.siteverify(kind, fields, Timestamp::now().as_second())).into_response()
}

/// What a widget gives its page.
#[derive(Debug, Serialize)]
pub(super) struct Token {
    token: String,
}

/// `POST /sandbox/captcha/tokens`.
pub(super) async fn solve(
    State(world): State<Arc<World>>,
    Json(solved): Json<Solved>,
) -> Result<axum::Json<Token>, Problem> {
    let token = world.captchas.solve(solved, Timestamp::now().as_second());
    let token =
        token.ok_or_else(|| Problem::new(AT_CAPACITY).detail("too many tokens are still good; wait for some"))?;
    Ok(axum::Json(Token { token }))
}
