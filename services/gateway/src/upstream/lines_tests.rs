//! Connections that can not be opened, beside some that are.

use std::pin::pin;
use std::task::{Context, Waker};

use axum::Router;
use axum::routing::any;
use rerp_kit::config::HttpSettings;
use rerp_kit::http::serve;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::*;

/// Connections to a service that is there.
async fn lines() -> Lines {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let routes = Router::new().route("/", any(async || "fine"));
    tokio::spawn(serve(socket, routes, HttpSettings::default(), CancellationToken::new()));
    Lines::new(format!("http://{at}/").parse().unwrap(), Dial::http2(None, None).unwrap())
}

fn request() -> Request<Body> {
    Request::get("http://a/").body(Body::empty()).unwrap()
}

#[tokio::test]
async fn one_connection_that_can_not_be_opened_fails_nothing_while_others_are_open() {
    let good = lines().await;
    // Without a host nothing can be opened.
    let bad = Lines::new(Uri::from_static("/"), Dial::http2(None, None).unwrap());
    assert!(bad.send(request()).await.is_err_and(|error| error.was_never_received()), "the positive control");
    for line in &bad.lines[2..] {
        line.keep(good.connect().await.unwrap());
    }
    // The first of these turns is that of a connection which can't be opened.
    for _ in 1..LINES {
        assert_eq!(bad.send(request()).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn who_waited_for_a_connection_in_vain_does_not_wait_once_more() {
    let lines = lines().await;
    let line = &lines.lines[0];
    let opening = line.opening.lock().await;
    let mut waiting = pin!(lines.pick(line));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    line.failed();
    drop(opening);
    assert!(matches!(waiting.await, Err(SendError::NotOpened)));
    assert!(lines.pick(line).await.is_ok(), "who comes later tries");
}
