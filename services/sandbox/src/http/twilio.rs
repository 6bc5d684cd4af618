//! `/twilio/2010-04-01/Accounts/{sid}/Messages…`: parse, call, answer as Twilio does.

use super::vendor::{answered, document};
use super::world::World;
use crate::post::fault::Vendor;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::sync::Arc;
use url::form_urlencoded;

/// `POST …/Messages.json`.
pub(super) async fn send(
    State(world): State<Arc<World>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(&world.faults, Vendor::Twilio, || {
        let (login, form) = (login(&headers), form_urlencoded::parse(&body).into_owned().collect());
        let sent = world.twilio.send(&account, borrowed(login.as_ref()), &form, &world.mailbox);
        document(sent, StatusCode::CREATED, |refusal| refusal.status)
    })
}

/// `GET …/Messages/{sid}.json`.
pub(super) async fn show(
    State(world): State<Arc<World>>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    answered(&world.faults, Vendor::Twilio, || {
        let (login, sid) = (login(&headers), file.strip_suffix(".json").unwrap_or(&file));
        document(world.twilio.find(&account, borrowed(login.as_ref()), sid), StatusCode::OK, |refusal| refusal.status)
    })
}

/// Name and password of HTTP's Basic scheme.
fn login(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

fn borrowed(login: Option<&(String, String)>) -> Option<(&str, &str)> {
    login.map(|(name, password)| (name.as_str(), password.as_str()))
}
