//! A portal as browsers meet it: its router with a bundle of the tests', and a gateway that answers as it is told.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]

use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use axum::routing::post;
use rerp_portal::bundle::Bundle;
use rerp_portal::form::Keys;
use rerp_portal::forward::Gateway;
use rerp_portal::router::{Portal, router};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// What the gateway was asked, and what it answers: the last status again and again.
#[derive(Debug, Clone, Default)]
struct Told {
    asked: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Told {
    fn asked(&self) -> Vec<(HeaderMap, Value)> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(told): State<Told>, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap, &'static str) {
    told.asked.lock().unwrap().push((headers, serde_json::from_slice(&body).unwrap()));
    let mut answers = told.answers.lock().unwrap();
    let status = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
    let again = HeaderMap::from_iter([(header::RETRY_AFTER, "7".parse().unwrap())]);
    (StatusCode::from_u16(status).unwrap(), again, "what only the API says")
}

async fn gateway(answers: &[u16]) -> (SocketAddr, Told) {
    let told = Told { answers: Arc::new(Mutex::new(answers.to_vec())), ..Told::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/api/marketing/email-capture", post(answer)).with_state(told.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, told)
}

fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let form = json!({
        "to": "/api/marketing/email-capture", "fields": ["email"], "fixed": { "source": "hero" }, "trap": "url", "thanks": "/thanks",
    });
    let manifest = json!({ "forms": { "hero": form } }).to_string();
    for (name, text) in [
        ("portal.json", manifest.as_str()),
        ("index.html", "<p>home home home home</p>"),
        ("index.html.br", "home in brotli"),
        ("index.html.gz", "home in gzip"),
        ("thanks.html", "<p>thanks</p>"),
        ("assets/index-4f2a.js", "1;1;1;1;1"),
        ("favicon.svg", "<svg/>"),
        ("answers/not-found.html", "<p>nothing here</p>"),
        ("answers/refused.html", "<p>something is wrong</p>"),
        ("answers/busy.html", "<p>later</p>"),
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn portal(gateway: Option<SocketAddr>) -> Router {
    let base = gateway.map(|address| format!("http://{address}").parse().unwrap());
    let gateway = base.map(|base| Gateway::new(base, None).unwrap());
    let bundle = Bundle::open(folder().path()).unwrap();
    router(Portal { bundle, gateway, keys: Keys::new(None), sessions: None, cluster: None, payments: None }).unwrap()
}

async fn ask(portal: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response<Body> {
    let request = headers
        .iter()
        .fold(Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
    portal.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 4096).await.unwrap().to_vec()).unwrap()
}

fn said<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn files_are_kept_as_long_as_their_names_allow() {
    let portal = portal(None);
    for (path, keep) in [
        ("/", "no-cache"),
        ("/thanks", "no-cache"),
        ("/favicon.svg", "public, max-age=3600"),
        ("/assets/index-4f2a.js", "public, max-age=31536000, immutable"),
    ] {
        let response = ask(&portal, "GET", path, &[], "").await;
        assert_eq!((response.status(), said(&response, "cache-control")), (StatusCode::OK, keep), "{path}");
    }
}

#[tokio::test]
async fn a_browser_gets_the_smallest_form_it_reads_and_none_that_it_has() {
    let portal = portal(None);
    for (accepts, encoding, body) in
        [("gzip, br", "br", "home in brotli"), ("gzip", "gzip", "home in gzip"), ("", "", "<p>home home home home</p>")]
    {
        let response = ask(&portal, "GET", "/", &[("accept-encoding", accepts)], "").await;
        assert_eq!((said(&response, "content-encoding"), said(&response, "vary")), (encoding, "accept-encoding"));
        let tag = said(&response, "etag").to_owned();
        assert_eq!(text(response).await, body);
        let headers = [("accept-encoding", accepts), ("if-none-match", tag.as_str())];
        let again = ask(&portal, "GET", "/", &headers, "").await;
        assert_eq!((again.status(), said(&again, "etag")), (StatusCode::NOT_MODIFIED, tag.as_str()));
        assert_eq!(text(again).await, "");
        let other = ask(&portal, "GET", "/", &[("accept-encoding", "deflate"), ("if-none-match", &tag)], "").await;
        assert_eq!(other.status() == StatusCode::NOT_MODIFIED, encoding.is_empty(), "another form has another tag");
    }
    let unreadable = ask(&portal, "GET", "/", &[("if-none-match", "a, b")], "").await;
    assert_eq!(unreadable.status(), StatusCode::OK);
}

#[tokio::test]
async fn head_says_what_get_would() {
    let portal = portal(None);
    let (get, head) = (ask(&portal, "GET", "/", &[], "").await, ask(&portal, "HEAD", "/", &[], "").await);
    for name in ["content-type", "content-length", "etag", "cache-control", "content-security-policy"] {
        assert!(!said(&get, name).is_empty(), "{name}");
        assert_eq!(said(&get, name), said(&head, name), "{name}");
    }
    assert_eq!(text(head).await, "");
}

#[tokio::test]
async fn what_is_not_there_is_said_by_a_page_of_the_portal() {
    let portal = portal(None);
    for (method, path, status) in [
        ("GET", "/nowhere", StatusCode::NOT_FOUND),
        ("GET", "/answers/busy", StatusCode::NOT_FOUND),
        ("GET", "/portal.json", StatusCode::NOT_FOUND),
        ("GET", "/forms/other", StatusCode::NOT_FOUND),
        ("GET", "/forms/hero", StatusCode::METHOD_NOT_ALLOWED),
        ("DELETE", "/", StatusCode::METHOD_NOT_ALLOWED),
        ("POST", "/thanks", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let response = ask(&portal, method, path, &[], "").await;
        assert_eq!((response.status(), said(&response, "cache-control")), (status, "no-store"), "{method} {path}");
        assert_eq!(said(&response, "allow").is_empty(), status == StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(text(response).await, "<p>nothing here</p>");
    }
    let slash = ask(&portal, "GET", "/thanks/", &[], "").await;
    assert_eq!((slash.status(), said(&slash, "location")), (StatusCode::PERMANENT_REDIRECT, "/thanks"));
}

#[tokio::test]
async fn every_answer_tells_browsers_what_to_mind() {
    let portal = portal(None);
    for (method, path) in [("GET", "/"), ("GET", "/nowhere"), ("GET", "/thanks/"), ("POST", "/forms/hero")] {
        let response = ask(&portal, method, path, &[("x-forwarded-proto", "https")], "").await;
        for (name, value) in [
            ("content-security-policy", "default-src 'none'"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "strict-origin"),
            ("permissions-policy", "camera=()"),
            ("strict-transport-security", "max-age"),
        ] {
            assert!(said(&response, name).contains(value), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_form_goes_to_the_api_with_a_key_and_where_it_comes_from() {
    let (address, told) = gateway(&[201]).await;
    let portal = portal(Some(address));
    let headers = [FORM, ("x-forwarded-for", "192.0.2.7"), ("sec-fetch-site", "same-origin")];
    for _ in 0..2 {
        let response = ask(&portal, "POST", "/forms/hero", &headers, "email=ann%40example.com&url=").await;
        assert_eq!((response.status(), said(&response, "location")), (StatusCode::SEE_OTHER, "/thanks"));
    }
    let asked = told.asked();
    assert_eq!(asked[0].1, json!({ "email": "ann@example.com", "source": "hero" }));
    assert_eq!(asked[0].0["x-forwarded-for"], "192.0.2.7");
    let keys: Vec<_> = asked.iter().map(|(headers, _)| headers["idempotency-key"].clone()).collect();
    assert_eq!(keys[0], keys[1], "sent twice it is the same form");
    ask(&portal, "POST", "/forms/hero", &headers, "email=ben%40example.com").await;
    assert_ne!(told.asked()[2].0["idempotency-key"], keys[0]);
}

#[tokio::test]
async fn whatever_the_api_knows_a_visitor_sees_the_same() {
    let mut seen = Vec::new();
    for status in [201, 202, 200] {
        let (address, _) = gateway(&[status]).await;
        let response = ask(&portal(Some(address)), "POST", "/forms/hero", &[FORM], "email=a%40example.com").await;
        seen.push((response.status(), response.headers().clone(), text(response).await));
    }
    let (address, told) = gateway(&[201]).await;
    let trapped = ask(&portal(Some(address)), "POST", "/forms/hero", &[FORM], "email=a&url=spam").await;
    seen.push((trapped.status(), trapped.headers().clone(), text(trapped).await));
    assert!(told.asked().is_empty(), "what fell into the trap goes nowhere");
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn what_can_not_be_taken_is_told_in_words_of_the_portal() {
    for (answered, status, page) in [
        (422, StatusCode::UNPROCESSABLE_ENTITY, "<p>something is wrong</p>"),
        (403, StatusCode::UNPROCESSABLE_ENTITY, "<p>something is wrong</p>"),
        (429, StatusCode::TOO_MANY_REQUESTS, "<p>later</p>"),
        (503, StatusCode::SERVICE_UNAVAILABLE, "<p>later</p>"),
        (409, StatusCode::SERVICE_UNAVAILABLE, "<p>later</p>"),
    ] {
        let (address, _) = gateway(&[answered]).await;
        let response = ask(&portal(Some(address)), "POST", "/forms/hero", &[FORM], "email=a").await;
        assert_eq!(response.status(), status, "{answered}");
        assert_eq!(said(&response, "retry-after"), if page == "<p>later</p>" { "7" } else { "" }, "{answered}");
        assert_eq!(text(response).await, page, "{answered}");
    }
}

#[tokio::test]
async fn a_gateway_that_stumbles_is_asked_again_with_the_same_key() {
    let (address, told) = gateway(&[503, 201]).await;
    let response = ask(&portal(Some(address)), "POST", "/forms/hero", &[FORM], "email=a").await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let keys: Vec<_> = told.asked().iter().map(|(headers, _)| headers["idempotency-key"].clone()).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
    // Nobody listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let response = ask(&portal(Some(gone)), "POST", "/forms/hero", &[FORM], "email=a").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_no_page_of_ours_sends_is_refused() {
    let (address, told) = gateway(&[201]).await;
    let portal = portal(Some(address));
    let foreign = [FORM, ("sec-fetch-site", "cross-site")];
    for (headers, body, status) in [
        (&foreign[..], "email=a", StatusCode::FORBIDDEN),
        (&[("content-type", "application/json")], "{}", StatusCode::FORBIDDEN),
        (&[FORM], "email=a&who=me", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let response = ask(&portal, "POST", "/forms/hero", headers, body).await;
        assert_eq!(response.status(), status, "{headers:?}");
        assert_eq!(text(response).await, "<p>something is wrong</p>");
    }
    assert!(told.asked().is_empty());
}
