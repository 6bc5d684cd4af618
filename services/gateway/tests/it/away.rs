//! Services that fail, are slow, or are gone: what is tried again, what isn't, and when nobody tries any more.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use futures::StreamExt as _;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rerp_gateway::table::Upstream;
use rerp_gateway::upstream::{Address, Upstreams};
use rerp_kit::metrics::Metrics;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::support::{until, visitor};
use crate::world::{CONTACT, Do, PLANS, World};

async fn slug(answer: reqwest::Response) -> String {
    let problem: Value = answer.json().await.unwrap();
    problem["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_may_be_sent_twice_is() {
    let world = World::start().await;
    world.backend(Upstream::Billing).next([Do::Fail, Do::Fail]);
    assert_eq!(visitor().get(world.url(PLANS)).send().await.unwrap().status(), 200);
    assert_eq!(world.backend(Upstream::Billing).heard().len(), 3);

    let marketing = world.backend(Upstream::Marketing);
    marketing.next([Do::Fail]);
    let keyed =
        visitor().post(world.url(CONTACT)).header("idempotency-key", "key-1").body("{\"a\":1}").send().await.unwrap();
    assert_eq!(keyed.status(), 200);
    let heard = marketing.heard();
    assert_eq!(heard.len(), 2);
    assert!(heard.iter().all(|one| &one.body[..] == b"{\"a\":1}" && one.headers["idempotency-key"] == "key-1"));
}

#[tokio::test]
async fn what_may_not_is_sent_once() {
    let world = World::start().await;
    let marketing = world.backend(Upstream::Marketing);
    marketing.next([Do::Fail]);
    let answer = visitor().post(world.url(CONTACT)).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "7", "a service's own words pass");
    assert_eq!(slug(answer).await, "database-unavailable");
    assert_eq!(marketing.heard().len(), 1);
    marketing.next([Do::Leak]);
    let answer = visitor().post(world.url(CONTACT)).body("{}").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), slug(answer).await.as_str()), (503, "outcome-unknown"));
    assert_eq!(marketing.heard().len(), 2);
}

#[tokio::test]
async fn each_attempt_is_told_its_own_time() {
    let world = World::start().await;
    let billing = world.backend(Upstream::Billing);
    billing.next([Do::FailAfter(Duration::from_millis(200))]);
    assert_eq!(visitor().get(world.url(PLANS)).send().await.unwrap().status(), 200);
    let heard = billing.heard();
    let left = |at: usize| -> u64 { heard[at].headers["rerp-deadline-ms"].to_str().unwrap().parse().unwrap() };
    assert!(left(1) + 200 <= left(0), "{} after {}", left(1), left(0));
}

#[tokio::test]
async fn a_service_that_says_what_it_lacks_is_there() {
    let world = World::start().await;
    let marketing = world.backend(Upstream::Marketing);
    // More than the breaker needs, and fewer than one address may send.
    let calls = 25;
    marketing.next(vec![Do::Fail; calls]);
    for _ in 0..calls {
        let answer = visitor().post(world.url(CONTACT)).body("{}").send().await.unwrap();
        assert_eq!(slug(answer).await, "database-unavailable");
    }
    assert_eq!(visitor().post(world.url(CONTACT)).body("{}").send().await.unwrap().status(), 200);
    assert_eq!(marketing.heard().len(), calls + 1, "it was never left alone");
    assert_eq!(world.counted("rerp_client_requests_total{outcome=\"failed\",service=\"marketing\"}"), calls as u64);
}

#[tokio::test]
async fn repetitions_are_a_fifth_at_most() {
    let world = World::start().await;
    // A third fails, which is too few for the breaker and more than the budget pays for.
    let billing = world.backend(Upstream::Billing);
    let calls = 60;
    for call in 0..calls {
        if call % 3 == 0 {
            billing.next([Do::Fail]);
        }
        visitor().get(world.url(PLANS)).send().await.unwrap();
    }
    let repeated = world.counted("rerp_client_requests_total{outcome=\"repeated\",service=\"billing\"}");
    assert!(repeated >= calls / 5 && repeated <= calls / 5 + 3, "{repeated}");
    assert_eq!(billing.heard().len() as u64, calls + repeated);
}

#[tokio::test]
async fn a_late_answer_is_none() {
    let world = World::with(|gateway| gateway.http.request_timeout = Duration::from_millis(300)).await;
    world.backend(Upstream::Billing).next([Do::Wait(Duration::from_secs(3))]);
    let began = Instant::now();
    let answer = visitor().get(world.url(PLANS)).send().await.unwrap();
    assert_eq!(answer.status(), 504);
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(slug(answer).await, "deadline-exceeded");
    assert_eq!(world.backend(Upstream::Billing).heard().len(), 1, "one that is overdue isn't asked again");
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let world = World::start().await;
    world.backend(Upstream::Billing).next([Do::Break]);
    let answer = visitor().get(world.url(PLANS)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), slug(answer).await.as_str()), (503, "dependency-unavailable"));
    world.backend(Upstream::Marketing).next([Do::Break]);
    let answer = visitor().post(world.url(CONTACT)).body("{}").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), slug(answer).await.as_str()), (503, "outcome-unknown"));
}

#[tokio::test]
async fn large_answers_come_whole() {
    let world = World::start().await;
    for size in [0, 1, 256 * 1024, 256 * 1024 + 1, 1_000_000] {
        world.backend(Upstream::Billing).next([Do::Pour(size)]);
        let answer = visitor().get(world.url(PLANS)).send().await.unwrap().bytes().await.unwrap();
        assert!(answer.len() == size && answer.iter().all(|byte| *byte == b'x'), "{} of {size}", answer.len());
    }
}

/// A server that takes requests and goes away before it answers.
async fn deserter() -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    Address { base: format!("http://{at}").parse().unwrap(), to: None }
}

#[tokio::test]
async fn an_effect_that_nobody_knows_of_is_said_to_be_unknown() {
    let gone = deserter().await;
    let addresses = std::array::from_fn(|_| gone.clone());
    let upstreams = Upstreams::new(addresses, None, &Metrics::new().unwrap()).unwrap();
    let world = World::with(|gateway| gateway.upstreams = upstreams).await;
    let once = visitor().post(world.url(CONTACT)).body("{}").send().await.unwrap();
    assert_eq!((once.status().as_u16(), slug(once).await.as_str()), (503, "outcome-unknown"));
    let keyed = visitor().post(world.url(CONTACT)).header("idempotency-key", "key-1").body("{}").send().await.unwrap();
    assert_eq!((keyed.status().as_u16(), slug(keyed).await.as_str()), (503, "dependency-unavailable"));
}

#[tokio::test]
async fn a_slow_client_says_nothing_about_a_service() {
    let world = World::with(|gateway| gateway.http.request_timeout = Duration::from_millis(300)).await;
    let stream = TokioIo::new(TcpStream::connect(world.at).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let begun = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    let body = Body::from_stream(begun.chain(futures::stream::pending()));
    let request = hyper::Request::post(format!("http://a{CONTACT}")).body(body).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 504);
    assert_eq!(world.counted("rerp_client_requests_total{outcome=\"abandoned\",service=\"marketing\"}"), 1);
    assert_eq!(world.counted("rerp_client_requests_total{outcome=\"out_of_time\",service=\"marketing\"}"), 0);
}

/// Sends a body whose last byte comes `late`.
async fn trickle(world: &World, late: Duration) -> u16 {
    let stream = TokioIo::new(TcpStream::connect(world.at).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let begun = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    let rest = futures::stream::once(async move {
        tokio::time::sleep(late).await;
        Ok(Bytes::from_static(b"}"))
    });
    let request =
        hyper::Request::post(format!("http://a{CONTACT}")).body(Body::from_stream(begun.chain(rest))).unwrap();
    sender.send_request(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_client_that_leaves_a_service_no_time_says_nothing_about_it() {
    let world = World::with(|gateway| gateway.http.request_timeout = Duration::from_secs(1)).await;
    let marketing = world.backend(Upstream::Marketing);
    marketing.next([Do::Wait(Duration::from_secs(3))]);
    assert_eq!(trickle(&world, Duration::from_millis(800)).await, 504);
    assert_eq!(world.counted("rerp_client_requests_total{outcome=\"abandoned\",service=\"marketing\"}"), 1);
    assert_eq!(world.counted("rerp_client_requests_total{outcome=\"out_of_time\",service=\"marketing\"}"), 0);
    assert_eq!(marketing.heard().len(), 0, "half of the time is the service's, or it isn't asked");
}

#[tokio::test]
async fn a_key_that_stays_on_the_connection_is_none() {
    let world = World::start().await;
    let marketing = world.backend(Upstream::Marketing);
    marketing.next([Do::Fail]);
    let asked =
        visitor().post(world.url(CONTACT)).header("connection", "idempotency-key").header("idempotency-key", "k");
    assert_eq!(asked.body("{}").send().await.unwrap().status(), 503);
    let heard = marketing.heard();
    assert_eq!((heard.len(), heard[0].headers.contains_key("idempotency-key")), (1, false));
}

#[tokio::test]
async fn nobody_asks_who_does_not_answer_and_somebody_tries() {
    let world = World::start().await;
    let billing = world.backend(Upstream::Billing);
    let ask = async || visitor().get(world.url(PLANS)).send().await.unwrap();
    billing.next([Do::Leak; 21]);
    for _ in 0..20 {
        ask().await;
    }
    let heard = billing.heard().len();
    let refused = ask().await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(billing.heard().len(), heard, "it was left alone");
    assert_eq!(world.counted("rerp_gateway_breaker_level{service=\"billing\"}"), 2);
    let other = visitor().post(world.url(CONTACT)).body("{}").send().await.unwrap();
    assert_eq!(other.status(), 200, "each service has its own");
    until("it is asked again, one by one, until it is well", async || ask().await.status() == 200).await;
}

#[tokio::test]
async fn a_service_that_is_gone_is_told() {
    let world = World::start().await;
    assert_eq!(visitor().get(world.url(PLANS)).send().await.unwrap().status(), 200);
    world.backend(Upstream::Billing).stop.cancel();
    until("its connections are closed", async || {
        let answer = visitor().get(world.url(PLANS)).send().await.unwrap();
        answer.status() == 503 && slug(answer).await == "dependency-unavailable"
    })
    .await;
}
