//! The guard and the server, over real sockets: whatever goes wrong is a problem document, and stopping hurts nobody.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail tests")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use rerp_kit::client::{CallError, Repeat, ServiceClient, builder};
use rerp_kit::config::HttpSettings;
use rerp_kit::http::{self, Json, Path, Query, context};
use rerp_kit::metrics::Metrics;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{self, DATABASE_UNAVAILABLE, Kind};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    n: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    n: u32,
}

/// Fails as often as it is told to, and counts.
type Failing = Arc<Mutex<(u32, u32)>>;

fn routes(failing: Failing) -> Router {
    Router::new()
        .route("/echo", post(async |Json(body): Json<Body>| body.n.to_string()))
        .route("/search", get(async |Query(search): Query<Search>| search.n.to_string()))
        .route("/thing/{id}", get(async |Path(id): Path<Uuid>| id.to_string()))
        .route("/panic", get(panicking))
        .route("/slow", get(slow))
        .route("/context", post(async || axum::Json((context::request_id(), left()))))
        .route(
            "/flaky",
            post(async move || {
                let mut failing = failing.lock().unwrap();
                failing.1 += 1;
                if failing.0 == 0 {
                    return Ok(axum::Json(7));
                }
                failing.0 -= 1;
                Err(Problem::new(DATABASE_UNAVAILABLE).retry_after(1))
            }),
        )
}

async fn panicking() -> &'static str {
    panic!("secret@example.com")
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(300)).await;
    "done"
}

fn left() -> Option<u128> {
    context::deadline().map(|at| at.saturating_duration_since(tokio::time::Instant::now()).as_millis())
}

struct Running {
    at: SocketAddr,
    metrics: Metrics,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<()>,
    failing: Failing,
}

async fn start() -> Running {
    let settings = HttpSettings {
        request_timeout: Duration::from_secs(2),
        header_timeout: Duration::from_secs(1),
        body_limit: 1000,
        drain_delay: Duration::ZERO,
        drain_timeout: Duration::from_secs(5),
    };
    let (metrics, failing) = (Metrics::new().unwrap(), Failing::default());
    let router = http::guarded(routes(failing.clone()), &settings, &metrics);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let server = tokio::spawn(http::serve(listener, router, settings, stop.clone()));
    Running { at, metrics, stop, server, failing }
}

impl Running {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    fn client(&self) -> ServiceClient {
        ServiceClient::new("other", self.url("").parse().unwrap(), self.metrics.clone(), None).unwrap()
    }
}

#[tokio::test]
async fn everything_that_goes_wrong_is_a_problem_document() {
    let running = start().await;
    let client = builder(None).unwrap().build().unwrap();
    let json = "application/json";
    let long = format!("{{\"n\":{}}}", "1".repeat(2000));
    let get = |path: &str| client.get(running.url(path));
    let post = |kind: &'static str, body: &str| {
        client.post(running.url("/echo")).header("content-type", kind).body(body.to_owned())
    };
    let cases: Vec<(reqwest::RequestBuilder, Kind)> = vec![
        (get("/nowhere"), catalogue::NO_SUCH_ROUTE),
        (get("/echo"), catalogue::METHOD_NOT_ALLOWED),
        (get("/thing/7"), catalogue::MALFORMED_ADDRESS),
        (get("/thing/%ff"), catalogue::MALFORMED_ADDRESS),
        (get("/search"), catalogue::MALFORMED_ADDRESS),
        (get("/search?n=1&m=2"), catalogue::MALFORMED_ADDRESS),
        (get("/panic"), catalogue::INTERNAL),
        (get("/slow").header(context::DEADLINE, "50"), catalogue::DEADLINE_EXCEEDED),
        (post("text/plain", "{}"), catalogue::NOT_JSON),
        (post(json, "{"), catalogue::MALFORMED_JSON),
        (post(json, "{}"), catalogue::INVALID_BODY),
        (post(json, "{\"n\":1,\"m\":2}"), catalogue::INVALID_BODY),
        (post(json, &long), catalogue::TOO_LARGE),
    ];
    for (request, kind) in cases {
        let response = request.header(context::REQUEST_ID, "the-id-of-a-test").send().await.unwrap();
        assert_eq!(response.status(), kind.status(), "{kind:?}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{kind:?}");
        assert_eq!(response.headers()[context::REQUEST_ID], "the-id-of-a-test");
        if kind == catalogue::METHOD_NOT_ALLOWED {
            assert_eq!(response.headers()["allow"], "POST");
        }
        let document: serde_json::Value = response.json().await.unwrap();
        assert_eq!(document["type"], format!("{}{}", catalogue::BASE, kind.slug));
        assert_eq!(document["status"], kind.status().as_u16());
        assert_eq!(document["request_id"], "the-id-of-a-test");
        assert!(!document.to_string().contains("secret"), "{document}");
    }
    assert_eq!(post(json, "{\"n\":7}").send().await.unwrap().text().await.unwrap(), "7");
    let page = running.metrics.page().unwrap();
    assert!(page.contains(r#"rerp_http_requests_total{method="GET",route="/panic",status="500"} 1"#), "{page}");
    assert!(page.contains(r#"route="/thing/{id}""#) && !page.contains("nowhere"), "{page}");
    assert!(page.contains("rerp_http_requests_in_flight 0"), "{page}");
}

#[tokio::test]
async fn stopping_ends_nothing_that_has_begun() {
    let running = start().await;
    let slow = tokio::spawn(builder(None).unwrap().build().unwrap().get(running.url("/slow")).send());
    while running.metrics.in_flight.get() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.stop.cancel();
    assert_eq!(slow.await.unwrap().unwrap().text().await.unwrap(), "done");
    running.server.await.unwrap();
    assert!(TcpStream::connect(running.at).await.is_err());
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let running = start().await;
    let mut idle = TcpStream::connect(running.at).await.unwrap();
    idle.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(10), idle.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"));

    let mut huge = TcpStream::connect(running.at).await.unwrap();
    let head = format!("GET /slow HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "x".repeat(100_000));
    let _ = huge.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), huge.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn calls_pass_on_their_context_and_are_repeated_only_when_allowed() {
    let running = start().await;
    let client = running.client();
    let headers = [(context::REQUEST_ID, "id-of-the-caller"), (context::DEADLINE, "1500")];
    let headers = headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    let caller = context::Context::of(&headers, Duration::from_secs(60));
    let (id, left): (Option<String>, Option<u64>) =
        caller.scope(client.post("/context", &(), Repeat::Never)).await.unwrap();
    assert_eq!(id.as_deref(), Some("id-of-the-caller"));
    assert!(left.unwrap() <= 1500);

    *running.failing.lock().unwrap() = (2, 0);
    assert_eq!(client.post::<u32>("/flaky", &(), Repeat::Idempotent).await.unwrap(), 7);
    assert_eq!(running.failing.lock().unwrap().1, 3);
    *running.failing.lock().unwrap() = (2, 0);
    let refused = client.post::<u32>("/flaky", &(), Repeat::Never).await.unwrap_err();
    assert!(refused.refusal().is_some_and(|(_, problem)| problem.is(DATABASE_UNAVAILABLE)));
    assert_eq!(running.failing.lock().unwrap().1, 1);
    *running.failing.lock().unwrap() = (100, 0);
    assert!(client.post::<u32>("/flaky", &(), Repeat::Idempotent).await.is_err());
    assert_eq!(running.failing.lock().unwrap().1, 4, "repetitions are bounded");

    running.stop.cancel();
    running.server.await.unwrap();
    let gone = client.post::<u32>("/flaky", &(), Repeat::Never).await.unwrap_err();
    assert!(matches!(gone, CallError::Unreachable { .. }));
    assert!(!format!("{gone:?}").contains("/flaky"), "addresses aren't shown: {gone:?}");
}
