//! What passes, in both directions, and what doesn't exist.

use axum::body::{Body, Bytes};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rerp_gateway::table::Upstream;
use rerp_kit::http::timing::SERVER_TIMING;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::support::visitor;
use crate::world::{CONTACT, Do, PLANS, World};

const EVENT: &str = "/api/billing/webhooks/stripe";

#[tokio::test]
async fn a_request_reaches_its_service_as_it_was_and_the_answer_comes_back() {
    let world = World::start().await;
    let sent = visitor()
        .post(world.url("/api/marketing/contact?a=b%20c"))
        .header("content-type", "application/json")
        .header("idempotency-key", "key-1")
        .body(" {\"a\": 1} ")
        .send();
    let answer = sent.await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["etag"], "\"1\"");
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(answer.text().await.unwrap(), "fine");
    let heard = world.backend(Upstream::Marketing).last();
    assert_eq!((heard.method.as_str(), heard.target.as_str()), ("POST", "/api/marketing/contact?a=b%20c"));
    assert_eq!(&heard.body[..], b" {\"a\": 1} ");
    assert_eq!(
        (heard.headers["idempotency-key"].to_str().unwrap(), heard.headers["x-request-id"].to_str().unwrap()),
        ("key-1", id.as_str())
    );
    let left: u64 = heard.headers["rerp-deadline-ms"].to_str().unwrap().parse().unwrap();
    assert!((4000..5000).contains(&left), "{left}");
    assert_eq!(world.heard(), 1, "no other service heard of it");
}

#[tokio::test]
async fn every_service_gets_its_own() {
    let world = World::start().await;
    let token = world.issuer.staff();
    for (path, upstream) in [
        ("/api/identity/email?email=a%40b.example", Upstream::Identity),
        ("/api/accounts/companies?name=Acme", Upstream::Account),
        (PLANS, Upstream::Billing),
        ("/api/fte/modules?limit=10", Upstream::Fte),
    ] {
        let answer = visitor().get(world.url(path)).bearer_auth(&token).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), world.backend(upstream).last().target.as_str()), (200, path));
    }
}

#[tokio::test]
async fn strangers_can_not_speak_in_our_name() {
    let world = World::start().await;
    let asked = visitor()
        .get(world.url(PLANS))
        .header("x-rerp-token", "of a stranger")
        .header("x-rerp-principal", "staff")
        .header("x-request-id", "0123456789")
        .header("rerp-deadline-ms", "1")
        .header("grpc-timeout", "1n")
        .header("server-timing", "db;dur=1")
        .header("authorization", "Bearer nonsense")
        .header("cookie", "a=b")
        .header("connection", "x-mine")
        .header("x-mine", "x")
        .header("x-forwarded-for", "192.0.2.1");
    assert_eq!(asked.send().await.unwrap().status(), 200, "what they say doesn't count, and doesn't hurt");
    let heard = world.backend(Upstream::Billing).last().headers;
    for name in [
        "x-rerp-token",
        "x-rerp-principal",
        "grpc-timeout",
        SERVER_TIMING,
        "authorization",
        "cookie",
        "connection",
        "x-mine",
        "x-forwarded-for",
    ] {
        assert!(!heard.contains_key(name), "{name}");
    }
    assert_ne!(heard["x-request-id"], "0123456789");
    assert_eq!(heard["x-rerp-client-address"], "192.0.2.1", "the hop is trusted here");
}

#[tokio::test]
async fn what_is_inside_stays_inside() {
    let world = World::start().await;
    let answer = visitor().get(world.url(PLANS)).send().await.unwrap();
    for name in [SERVER_TIMING, "x-rerp-inner", "server", "set-cookie"] {
        assert!(!answer.headers().contains_key(name), "{name}");
    }
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    world.backend(Upstream::Billing).next([Do::Leak]);
    let answer = visitor().get(world.url(PLANS)).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let problem: Value = answer.json().await.unwrap();
    assert!(
        problem["type"].as_str().unwrap().ends_with("dependency-unavailable") && problem["request_id"].is_string(),
        "{problem}"
    );
    world.backend(Upstream::Billing).next([Do::Deny(404), Do::Deny(401)]);
    assert_eq!(visitor().get(world.url(PLANS)).send().await.unwrap().status(), 404, "a refusal passes as it is");
    let disbelief = visitor().get(world.url(PLANS)).send().await.unwrap();
    assert_eq!(disbelief.status(), 503, "a service that doesn't believe us has not refused the client");
    assert!(!disbelief.headers().contains_key("www-authenticate"));
}

#[tokio::test]
async fn what_is_not_in_the_table_does_not_exist() {
    let world = World::start().await;
    let token = world.issuer.staff();
    for path in [
        "/",
        "/api",
        "/metrics",
        "/livez",
        "/keys",
        "/api/identity/email/upsert",
        "/rerp.identity.v1.PersonService/CheckPerson",
    ] {
        for asked in [visitor().get(world.url(path)), visitor().post(world.url(path)).body("{}")] {
            let answer = asked.bearer_auth(&token).send().await.unwrap();
            assert_eq!(answer.status(), 404, "{path}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
    }
    let answer = visitor().delete(world.url(PLANS)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["allow"].to_str().unwrap()), (405, "GET"));
    let call =
        visitor().post(world.url(CONTACT)).header("content-type", "application/grpc").body("x").send().await.unwrap();
    assert_eq!(call.status(), 415);
    assert_eq!(world.heard(), 0);
}

#[tokio::test]
async fn an_event_s_bytes_are_not_touched() {
    let world = World::start().await;
    let body: Vec<u8> = (0..60_000_u32).map(|n| (n % 251) as u8).collect();
    let sent = visitor().post(world.url(EVENT)).header("stripe-signature", "t=1,v1=a,v1=b").body(body.clone()).send();
    assert_eq!(sent.await.unwrap().status(), 200);
    let heard = world.backend(Upstream::Billing).last();
    assert!(heard.body[..] == body[..], "the bytes");
    assert_eq!(heard.headers["stripe-signature"], "t=1,v1=a,v1=b");
}

/// Over HTTP/2 a body needn't say its length. This one passes on as it comes, since it may not be sent twice.
async fn flowing(world: &World, parts: Vec<Bytes>) -> u16 {
    let stream = TokioIo::new(TcpStream::connect(world.at).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let body = Body::from_stream(futures::stream::iter(parts.into_iter().map(Ok::<_, std::io::Error>)));
    let request = hyper::Request::post(format!("http://a{CONTACT}")).body(body).unwrap();
    sender.send_request(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn bodies_are_bounded_whatever_they_say() {
    let world = World::start().await;
    let large = "x".repeat(64 * 1024 + 1);
    let said = visitor().post(world.url(CONTACT)).body(large).send().await;
    // The connection may be closed before all of the body is sent.
    assert!(said.is_err() || said.is_ok_and(|answer| answer.status() == 413));
    let parts = |count: usize| vec![Bytes::from(vec![b'x'; 1000]); count];
    assert_eq!(flowing(&world, parts(100)).await, 413);
    assert_eq!(world.heard(), 0);
    assert_eq!(flowing(&world, parts(60)).await, 200);
    let heard = world.backend(Upstream::Marketing).last();
    assert_eq!((heard.body.len(), heard.headers.contains_key("content-length")), (60_000, false));
    let read = visitor().get(world.url(PLANS)).body("x").send().await.unwrap();
    assert_eq!(read.status(), 413, "a question has no body");
}

#[tokio::test]
async fn a_head_is_answered_like_its_get() {
    let world = World::start().await;
    let answer = visitor().head(world.url(PLANS)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(world.backend(Upstream::Billing).last().method, "HEAD");
}

#[tokio::test]
async fn numbers_are_kept_by_route() {
    let world = World::start().await;
    visitor().get(world.url(PLANS)).send().await.unwrap();
    visitor().get(world.url("/api/nowhere/a%40b.example")).send().await.unwrap();
    assert_eq!(
        world.counted("rerp_http_requests_total{method=\"GET\",route=\"/api/billing/plans\",status=\"200\"}"),
        1
    );
    assert_eq!(world.counted("rerp_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}"), 1);
    assert_eq!(world.counted("rerp_client_requests_total{outcome=\"ok\",service=\"billing\"}"), 1);
    assert!(!world.metrics.page().unwrap().contains("b.example"));
}
