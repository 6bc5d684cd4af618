//! The guard and the server, over real sockets: whatever goes wrong is a problem document, and stopping hurts nobody.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use rerp_kit::client::builder;
use rerp_kit::config::HttpSettings;
use rerp_kit::http::timing::SERVER_TIMING;
use rerp_kit::http::{self, Json, Path, Query, context};
use rerp_kit::metrics::Metrics;
use rerp_kit::problem::catalogue::{self, Kind};
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

fn routes() -> Router {
    Router::new()
        .route("/echo", post(async |Json(body): Json<Body>| body.n.to_string()))
        .route("/search", get(async |Query(search): Query<Search>| search.n.to_string()))
        .route("/thing/{id}", get(async |Path(id): Path<Uuid>| id.to_string()))
        .route("/shelf/{shelf}/book/{book}", get(async |Path((_, book)): Path<(String, String)>| book))
        .route("/panic", get(panicking))
        .route("/slow", get(slow))
}

async fn panicking() -> &'static str {
    panic!("secret@example.com")
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(300)).await;
    "done"
}

struct Running {
    at: SocketAddr,
    metrics: Metrics,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<()>,
}

async fn start() -> Running {
    let settings = HttpSettings {
        request_timeout: Duration::from_secs(2),
        header_timeout: Duration::from_secs(1),
        body_limit: 1000,
        drain_delay: Duration::ZERO,
        drain_timeout: Duration::from_secs(5),
        server_timing: false,
    };
    let metrics = Metrics::new().unwrap();
    let router = http::guarded(routes(), &settings, &metrics);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let server = tokio::spawn(http::serve(listener, router, settings, stop.clone()));
    Running { at, metrics, stop, server }
}

impl Running {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
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
        assert!(!response.headers().contains_key(SERVER_TIMING), "nobody is told unless the service is");
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
async fn a_nul_in_a_path_is_refused_and_the_parameter_named() {
    let running = start().await;
    let client = builder(None).unwrap().build().unwrap();
    let read = async |path: &str| {
        let response = client.get(running.url(path)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    for (path, name) in [("/shelf/a%00/book/b", "`shelf`"), ("/shelf/a/book/%00", "`book`")] {
        let (status, text) = read(path).await;
        assert_eq!(status, 400, "{path}: {text}");
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["type"], format!("{}{}", catalogue::BASE, catalogue::MALFORMED_ADDRESS.slug));
        assert!(document["detail"].as_str().unwrap().contains(name), "{path}: {text}");
    }
    // Written out, it is a text like any other.
    assert_eq!(read("/shelf/a/book/%2500").await, (200, "%00".to_owned()));
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
    let http2 = &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..];
    for begun in [&b""[..], b"GET /slow HTTP/1.1\r\nhost: x\r\n", b"P", &http2[..12], http2] {
        let mut idle = TcpStream::connect(running.at).await.unwrap();
        idle.write_all(begun).await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(Duration::from_secs(10), idle.read_to_end(&mut answer)).await.unwrap().unwrap();
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }

    let mut huge = TcpStream::connect(running.at).await.unwrap();
    let head = format!("GET /slow HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "x".repeat(100_000));
    let _ = huge.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), huge.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}
