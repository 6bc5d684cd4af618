//! A way to a service's door for whoever speaks plain HTTP/1.1 on loopback and shows a bearer's name in place of a token. In: requests. Out: the
//! same through `doors.rs`, as the gateway would pass them on, and what is answered. Changes nothing else: no method, path, header or byte.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(unreachable_pub, reason = "each test binary includes this as a private module")]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::{May, Place, Rule, TOKEN};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::doors::{Doors, Who};

/// Whoever shows this is who the front was opened for; everybody else is nobody. `tests/openapi/schemathesis.toml` has the bearer's name.
const SIGNED_IN: &str = "Bearer signed-in";
/// More than any service takes.
const LARGEST: usize = 1024 * 1024;
/// What belongs to a connection, not to what is said over it; and what says who asks.
const OURS: [&str; 10] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
    TOKEN,
];

/// It listens until it is dropped.
pub struct Front {
    pub at: SocketAddr,
    task: JoinHandle<()>,
}

struct Inside {
    doors: Doors,
    signed_in: Who,
    /// Paths that services alone may call: whoever asks for one comes as a service.
    services: Vec<&'static str>,
}

impl Front {
    /// `signed_in` is who asks with the bearer's name.
    pub async fn before(doors: Doors, signed_in: Who, rules: &[Rule]) -> Self {
        let path = |rule: &Rule| match (rule.place, rule.may) {
            (Place::Route(_, path), May::Service) => Some(path),
            _ => None,
        };
        let inside = Arc::new(Inside { doors, signed_in, services: rules.iter().filter_map(path).collect() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let router = Router::new().fallback(pass).with_state(inside);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { at, task }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Inside {
    fn who(&self, path: &str, headers: &HeaderMap) -> Who {
        let shown = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
        if self.services.contains(&path) {
            Who::Service
        } else if shown == Some(SIGNED_IN.as_bytes()) {
            self.signed_in
        } else {
            Who::Nobody
        }
    }
}

async fn pass(State(inside): State<Arc<Inside>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return (StatusCode::BAD_GATEWAY, "the request can't be read").into_response();
    };
    let address = parts.uri.path_and_query().map_or("/", |address| address.as_str());
    let who = inside.who(parts.uri.path(), &parts.headers);
    let mut onward = inside.doors.with_method(who, parts.method, address).body(body);
    for (name, value) in parts.headers.iter().filter(|(name, _)| !OURS.contains(&name.as_str())) {
        onward = onward.header(name, value);
    }
    let answer = match onward.send().await {
        Ok(answer) => answer,
        Err(error) => return (StatusCode::BAD_GATEWAY, format!("the service gave no answer: {error}")).into_response(),
    };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let Ok(body) = answer.bytes().await else {
        return (StatusCode::BAD_GATEWAY, "the answer can't be read").into_response();
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in headers.iter().filter(|(name, _)| !OURS.contains(&name.as_str())) {
        response.headers_mut().append(name, value.clone());
    }
    response
}
