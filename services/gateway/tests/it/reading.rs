//! What is refused before it is anybody's request, over raw sockets: framing, addressing, targets. Some of it hyper refuses, some the
//! gateway; a service sees none of it.

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use rerp_gateway::table::Upstream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::until;
use crate::world::{PLANS, World};

/// Sends bytes and gives everything that comes back until the connection ends or rests.
pub(crate) async fn raw(at: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let (mut answer, mut part, mut patience) = (Vec::new(), [0; 4096], Duration::from_secs(20));
    loop {
        match timeout(patience, stream.read(&mut part)).await {
            Ok(Ok(read @ 1..)) => answer.extend_from_slice(&part[..read]),
            Ok(_) => break,
            Err(_) => {
                assert!(!answer.is_empty(), "neither an answer nor an end");
                break;
            }
        }
        patience = Duration::from_millis(100);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer; "none" if the connection was ended without one.
pub(crate) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[tokio::test]
async fn the_positive_control_passes() {
    let world = World::start().await;
    let answer = raw(world.at, format!("GET {PLANS} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await;
    assert_eq!(status(&answer), "200", "{answer}");
    let body = "POST /api/marketing/contact HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    assert_eq!(status(&raw(world.at, body.as_bytes()).await), "200");
    assert_eq!(world.heard(), 2);
}

#[tokio::test]
async fn ambiguous_framing_is_refused() {
    let world = World::start().await;
    let post = "POST /api/marketing/contact HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    let chunks = "5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n";
    for (what, text, expected) in [
        ("chunks", format!("{post}transfer-encoding: chunked\r\n\r\n{chunks}"), "411"),
        (
            "a length, then chunks",
            format!("{post}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"),
            "411",
        ),
        (
            "chunks, then a length",
            format!("{post}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n{chunks}"),
            "411",
        ),
        ("chunks in a wrong order", format!("{post}transfer-encoding: chunked, gzip\r\n\r\n{chunks}"), "400"),
        ("an unknown encoding", format!("{post}transfer-encoding: xchunked\r\n\r\n{chunks}"), "400"),
        ("two lengths", format!("{post}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}"), "400"),
        ("two lengths in one line", format!("{post}content-length: 2, 2\r\n\r\n{{}}"), "400"),
        ("a signed length", format!("{post}content-length: +2\r\n\r\n{{}}"), "400"),
        ("a length in words", format!("{post}content-length: two\r\n\r\n{{}}"), "400"),
        ("a space before the colon", format!("{post}content-length : 2\r\n\r\n{{}}"), "400"),
        ("a folded line", format!("{post}x-a: b\r\n c\r\ncontent-length: 2\r\n\r\n{{}}"), "400"),
        ("a NUL in a header", format!("{post}x-a: b\0c\r\ncontent-length: 2\r\n\r\n{{}}"), "400"),
        ("a bare CR in a header", format!("{post}x-a: b\rc\r\ncontent-length: 2\r\n\r\n{{}}"), "400"),
    ] {
        let answer = raw(world.at, text.as_bytes()).await;
        assert_eq!(status(&answer), expected, "{what}: {answer}");
    }
    let old = "POST /api/marketing/contact HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(status(&raw(world.at, old.as_bytes()).await), "400");
    assert_eq!(world.heard(), 0);
}

#[tokio::test]
async fn no_second_request_hides_in_a_first() {
    let world = World::start().await;
    let hidden = format!("GET {PLANS} HTTP/1.1\r\nhost: a\r\n\r\n");
    let text = format!(
        "POST /api/marketing/contact HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        5 + hidden.len()
    );
    let answer = raw(world.at, text.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert_eq!(world.heard(), 0);
}

#[tokio::test]
async fn one_host_and_one_form_of_target() {
    let world = World::start().await;
    for (what, text) in [
        ("no host", format!("GET {PLANS} HTTP/1.1\r\n\r\n")),
        ("two hosts", format!("GET {PLANS} HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n")),
        ("an empty host", format!("GET {PLANS} HTTP/1.1\r\nhost:\r\n\r\n")),
        ("a target for proxies", format!("GET http://a{PLANS} HTTP/1.1\r\nhost: a\r\n\r\n")),
        ("a tunnel", "CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n".to_owned()),
        ("the server as such", "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n".to_owned()),
        ("no slash", "GET api HTTP/1.1\r\nhost: a\r\n\r\n".to_owned()),
    ] {
        let answer = raw(world.at, text.as_bytes()).await;
        assert_eq!(status(&answer), "400", "{what}: {answer}");
    }
    assert_eq!(world.heard(), 0);
}

#[tokio::test]
async fn a_path_with_two_readings_is_refused() {
    let world = World::start().await;
    for path in [
        "/api/billing/../billing/plans",
        "/api/./billing/plans",
        "/api//billing/plans",
        "/api/billing/plans/",
        "/api/billing/%2e%2e/plans",
        "/api/billing%2fplans",
        "/api/billing%5cplans",
        "/api/billing/plans%00",
        "/api/billing/pl%61ns",
        "/api/billing/plans%",
        "//a/b",
        "/api/billing/plans?a=%zz",
        "/api/billing/plans\\",
        "/api/billing/\u{fc}",
    ] {
        let answer = raw(world.at, format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await;
        assert_eq!(status(&answer), "400", "{path}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(5000));
    assert_eq!(status(&raw(world.at, long.as_bytes()).await), "414");
    let huge = format!("GET {PLANS} HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "a".repeat(100_000));
    // The rest of it is still under way when the answer comes, which may then be lost.
    assert!(["431", "none"].contains(&status(&raw(world.at, huge.as_bytes()).await)));
    assert_eq!(world.heard(), 0);
}

#[tokio::test]
async fn what_hyper_mends_reaches_a_service_mended() {
    let world = World::start().await;
    // Line ends without CR, and a fragment, which is no part of a target: neither passes on as it came.
    let text = format!("GET {PLANS}#x HTTP/1.1\nhost: a\nx-a: b\n\n");
    assert_eq!(status(&raw(world.at, text.as_bytes()).await), "200");
    let heard = world.backend(Upstream::Billing).last();
    assert_eq!((heard.target.as_str(), heard.headers["x-a"].to_str().unwrap()), (PLANS, "b"));
    let twice = "POST /api/marketing/contact HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}";
    assert_eq!(status(&raw(world.at, twice.as_bytes()).await), "200");
    let heard = world.backend(Upstream::Marketing).last();
    assert_eq!((&heard.body[..], heard.headers.get_all("content-length").iter().count()), (&b"{}"[..], 1));
}

#[tokio::test]
async fn who_says_nothing_is_not_waited_for() {
    let world = World::start().await;
    let texts = [
        &b""[..],
        b"G",
        b"GET /api/billing/plans HTTP/1.1\r\nhost: a\r\n",
        b"P",
        b"PRI * HTTP/2",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    let at = world.at;
    let ends = texts.map(|text| async move {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(text).await.unwrap();
        let mut answer = Vec::new();
        timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("the connection ends").unwrap();
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    });
    join_all(ends).await;
}

#[tokio::test]
async fn who_rests_is_waited_for() {
    let world = World::with(|gateway| gateway.http.header_timeout = Duration::from_secs(1)).await;
    let mut stream = TcpStream::connect(world.at).await.unwrap();
    let mut part = [0; 4096];
    for rest in [1500, 0] {
        stream.write_all(format!("GET {PLANS} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"fine") {
            let read = stream.read(&mut part).await.unwrap();
            assert!(read > 0, "an ingress keeps its connections for a minute");
            answer.extend_from_slice(&part[..read]);
        }
        // Longer than a head may take.
        tokio::time::sleep(Duration::from_millis(rest)).await;
    }
    stream.write_all(b"GET /api").await.unwrap();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.expect("who has begun has to go on").unwrap();
}

#[tokio::test]
async fn one_address_has_so_many_connections() {
    let world = World::with(|gateway| {
        gateway.trusted.clear();
        gateway.http.header_timeout = Duration::from_secs(60);
    })
    .await;
    let mut others = Vec::new();
    for _ in 0..100 {
        others.push(TcpStream::connect(world.at).await.unwrap());
    }
    let request = format!("GET {PLANS} HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(status(&raw(world.at, request.as_bytes()).await), "none");
    others.clear();
    until("there is room again", async || status(&raw(world.at, request.as_bytes()).await) == "200").await;
}
