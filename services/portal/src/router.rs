//! Which file a path means, and its answer; what becomes of a form. In: requests of browsers. Out: files, the portal's own pages for what went
//! wrong, and a way on. Every answer carries the headers of `headers.rs`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{any, get};
use axum::{RequestExt as _, Router};
use bytes::Bytes;
use rerp_kit::http::{Raw, has_tag};

use crate::bundle::{Bundle, File, Form, Keep};
use crate::cluster::{self, Cluster};
use crate::form::{Filled, Keys, TYPE, read};
use crate::forward::{CLIENT, Gateway, Outcome, Sent};
use crate::headers::{Hardening, harden};
use crate::negotiate::takes;
use crate::payments::{self, Payments, standin};
use crate::session::Sessions;
use crate::session::origin::SITE;
use crate::session::routes::routes;

/// Folder of files that pages are made of.
const ASSETS: &str = "/assets/";
/// Says what for a browser asks: `navigate` is a page that somebody opens.
const MODE: &str = "sec-fetch-mode";

/// A portal, and where its forms go.
#[derive(Debug)]
pub struct Portal {
    /// What is served.
    pub bundle: Bundle,
    /// Where forms go; none where there are none.
    pub gateway: Option<Gateway>,
    /// By which the same form is known again.
    pub keys: Keys,
    /// Who is signed in; none where nobody signs in.
    pub sessions: Option<Arc<Sessions>>,
    /// The platform as Kubernetes knows it; none where nobody is shown it.
    pub cluster: Option<Cluster>,
    /// Who takes cards; none where nobody does. A bundle that doesn't ask for it can do without, and gets nothing of it.
    pub payments: Option<Payments>,
}

type Shared = Arc<Portal>;

impl Portal {
    /// The file at a path, for whoever asks so. What is guarded isn't there for those who aren't signed in.
    fn shown(&self, path: &str, headers: &HeaderMap) -> Option<&File> {
        let is_in = || self.sessions.as_ref().is_some_and(|sessions| sessions.is_in(headers));
        self.bundle.at(path).filter(|file| !file.is_guarded() || is_in())
    }
}

/// The routes. Each takes every method: what isn't there is said by a page of the portal's, not by the kit.
///
/// # Errors
/// What stands in for Stripe can't be called.
pub fn router(mut portal: Portal) -> Result<Router, standin::StandInError> {
    let sessions = portal.sessions.clone().map(routes).unwrap_or_default();
    let cluster = portal.cluster.take().map(cluster::routes::routes).unwrap_or_default();
    let payments = portal.payments.take().filter(|_| portal.bundle.asks_for_payments());
    let stand_in = match &payments {
        Some(Payments::StandIn(base)) => standin::routes(base.clone())?,
        _ => Router::new(),
    };
    let hardening = Hardening::of(payments.as_ref());
    let settings = if portal.bundle.asks_for_payments() {
        Router::new().route("/settings.json", get(move || async move { payments::document(payments.as_ref()) }))
    } else {
        Router::new()
    };
    Ok(Router::new()
        .route("/", any(page))
        .route("/{*path}", any(page))
        .route("/forms/{name}", any(form))
        .with_state(Arc::new(portal))
        .merge(sessions)
        .merge(cluster)
        .merge(settings)
        .merge(stand_in)
        .layer(from_fn_with_state(hardening, harden)))
}

async fn page(State(portal): State<Shared>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let nothing = &portal.bundle.answers.not_found;
    let missing = || told(nothing, StatusCode::NOT_FOUND, &headers);
    if ![Method::GET, Method::HEAD].contains(&method) {
        let mut response = told(nothing, StatusCode::METHOD_NOT_ALLOWED, &headers);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    if let Some(file) = portal.shown(uri.path(), &headers) {
        return sent(file, &headers);
    }
    // Each page has one address. People write this one, too.
    match uri.path().strip_suffix('/').filter(|path| portal.shown(path, &headers).is_some()) {
        Some(path) => on(StatusCode::PERMANENT_REDIRECT, path),
        None if is_view(uri.path(), &headers) => portal.bundle.app().map_or_else(missing, |app| sent(app, &headers)),
        None => missing(),
    }
}

/// Whether somebody opens a view of an app, whose script knows which that is: a page is asked for, and no file. A script that is gone must not be
/// answered with a page.
fn is_view(path: &str, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.')) || path.starts_with(ASSETS);
    let is_page = match text(MODE) {
        Some(mode) => mode == "navigate",
        None => text(header::ACCEPT.as_str()).is_some_and(|accept| accept.contains("text/html")),
    };
    is_page && !is_file
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
