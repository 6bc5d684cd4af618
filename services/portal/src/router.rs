//! Which file a path means, and its answer; what becomes of a form. In: requests of browsers. Out: files, the portal's own pages for what went
//! wrong, and a way on. Every answer carries the headers of `headers.rs`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::any;
use axum::{RequestExt as _, Router};
use bytes::Bytes;
use rerp_kit::http::{Raw, has_tag};

use crate::bundle::{Bundle, File, Form, Keep};
use crate::form::{Filled, Keys, TYPE, read};
use crate::forward::{CLIENT, Gateway, Outcome, Sent};
use crate::headers::harden;
use crate::negotiate::takes;

/// Says where a browser's request was made: on a page of ours, or of somebody else.
const SITE: &str = "sec-fetch-site";

/// A portal, and where its forms go.
#[derive(Debug)]
pub struct Portal {
    /// What is served.
    pub bundle: Bundle,
    /// Where forms go; none where there are none.
    pub gateway: Option<Gateway>,
    /// By which the same form is known again.
    pub keys: Keys,
}

type Shared = Arc<Portal>;

/// The routes. Each takes every method: what isn't there is said by a page of the portal's, not by the kit.
pub fn router(portal: Portal) -> Router {
    Router::new()
        .route("/", any(page))
        .route("/{*path}", any(page))
        .route("/forms/{name}", any(form))
        .layer(from_fn(harden))
        .with_state(Arc::new(portal))
}

async fn page(State(portal): State<Shared>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let missing = &portal.bundle.answers.not_found;
    if ![Method::GET, Method::HEAD].contains(&method) {
        let mut response = told(missing, StatusCode::METHOD_NOT_ALLOWED, &headers);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    if let Some(file) = portal.bundle.at(uri.path()) {
        return sent(file, &headers);
    }
    // Each page has one address. People write this one, too.
    match uri.path().strip_suffix('/').filter(|path| portal.bundle.at(path).is_some()) {
        Some(path) => on(StatusCode::PERMANENT_REDIRECT, path),
        None => told(missing, StatusCode::NOT_FOUND, &headers),
    }
}

/// A file, or the news that a browser has it already. What a browser says it has and can't be read counts as nothing.
fn sent(file: &File, headers: &HeaderMap) -> Response {
    let (_, form) = file.form(|encoding| takes(headers, encoding));
    if has_tag(headers, &form.tag).unwrap_or_default() {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        kept(&mut response, file, headers);
        return response;
    }
    let mut response = whole(file, headers);
    kept(&mut response, file, headers);
    response
}

/// A page that says what went wrong. It has no address, so nobody keeps it.
fn told(file: &File, status: StatusCode, headers: &HeaderMap) -> Response {
    let mut response = whole(file, headers);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn whole(file: &File, headers: &HeaderMap) -> Response {
    let (encoding, form) = file.form(|encoding| takes(headers, encoding));
    let mut response = Response::new(Body::from(form.body.clone()));
    let own = response.headers_mut();
    own.insert(header::CONTENT_TYPE, file.kind.clone());
    if let Some(encoding) = encoding {
        own.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    }
    vary(own, file);
    response
}

/// What goes with a file whether it is sent or not.
fn kept(response: &mut Response, file: &File, headers: &HeaderMap) {
    let (_, form) = file.form(|encoding| takes(headers, encoding));
    let own = response.headers_mut();
    own.insert(header::CACHE_CONTROL, file.keep.header());
    if let Ok(tag) = HeaderValue::from_str(&form.tag) {
        own.insert(header::ETAG, tag);
    }
    vary(own, file);
}

fn vary(headers: &mut HeaderMap, file: &File) {
    if file.varies() {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
}

/// A way on. Addresses of a bundle are plain ASCII.
fn on(status: StatusCode, to: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let own = response.headers_mut();
    own.insert(header::CACHE_CONTROL, Keep::Ask.header());
    if let Ok(to) = HeaderValue::from_str(to) {
        own.insert(header::LOCATION, to);
    }
    response
}

/// A form of a browser without JavaScript. Whoever sends it gets another page to look at, which can be loaded again without sending it again.
async fn form(State(portal): State<Shared>, Path(name): Path<String>, request: Request) -> Response {
    let (answers, headers, method) = (&portal.bundle.answers, request.headers().clone(), request.method().clone());
    // Before anything else: a connection that ends over bytes that nobody read is reset, and the answer may be lost by that.
    let Ok(Raw(body)) = request.extract::<Raw, _>().await else {
        return told(&answers.refused, StatusCode::PAYLOAD_TOO_LARGE, &headers);
    };
    let Some(form) = portal.bundle.form(&name) else {
        return told(&answers.not_found, StatusCode::NOT_FOUND, &headers);
    };
    if method != Method::POST {
        let mut response = told(&answers.not_found, StatusCode::METHOD_NOT_ALLOWED, &headers);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    if !is_ours(&headers) {
        return told(&answers.refused, StatusCode::FORBIDDEN, &headers);
    }
    match ask(&portal, &name, form, &body, &headers).await {
        Outcome::Taken => on(StatusCode::SEE_OTHER, &form.thanks),
        Outcome::Refused => told(&answers.refused, StatusCode::UNPROCESSABLE_ENTITY, &headers),
        Outcome::Busy(status, again) => {
            let mut response = told(&answers.busy, status, &headers);
            if let Some(again) = again {
                response.headers_mut().insert(header::RETRY_AFTER, again);
            }
            response
        }
    }
}

/// Whether a form comes from a page of ours, as far as browsers say so, and in the way that they send forms.
fn is_ours(headers: &HeaderMap) -> bool {
    let foreign = headers.get(SITE).is_some_and(|site| site == "cross-site");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    !foreign && kind.eq_ignore_ascii_case(TYPE)
}

/// A program that fell into the trap hears what a person hears.
async fn ask(portal: &Portal, name: &str, form: &Form, body: &Bytes, headers: &HeaderMap) -> Outcome {
    let asked = match read(form, body) {
        Filled::Asked(asked) => asked,
        Filled::Trapped => return Outcome::Taken,
        Filled::Unfit => return Outcome::Refused,
    };
    let Some(gateway) = &portal.gateway else { return Outcome::Busy(StatusCode::SERVICE_UNAVAILABLE, None) };
    let key = portal.keys.of(name, &asked);
    gateway.send(&Sent { to: &form.to, asked: &asked, key: &key, client: headers.get(CLIENT) }).await
}
