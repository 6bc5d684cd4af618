//! The service behind every gateway, and the issuer beside it. In: nothing but requests on loopback. Out: one small document, at once, over
//! HTTP/1.1 and HTTP/2 alike; at `/keys` the issuer's keys. In a thread of its own, for as long as this program runs.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::serve::ListenerExt as _;

/// The size of what services usually answer.
const DOCUMENT: &str = r#"{"account_id":"018f3f5e-0000-7000-8000-000000000001","kind":"business","name":"Benchmarks and Daughters","created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z","owner":"018f3f5e-0000-7000-9000-000000000002","address":{"line_1":"1 High Street","city":"London","postal_code":"N1 1AA","country":"GB"}}"#;

/// Starts it. Out: where it listens.
pub(super) fn start(keys: String) -> io::Result<SocketAddr> {
    let socket = TcpListener::bind("127.0.0.1:0")?;
    socket.set_nonblocking(true)?;
    let at = socket.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("backend".to_owned()).spawn(move || {
        // Whoever asks next is told that nobody is there; there is nothing else to be done about it here.
        let _ = runtime.block_on(serve(socket, keys));
    })?;
    Ok(at)
}

async fn serve(socket: TcpListener, keys: String) -> io::Result<()> {
    let json = |text: String| ([(CONTENT_TYPE, "application/json")], text);
    let router = Router::new()
        .route("/keys", get(move || async move { json(keys) }))
        .fallback(async || ([(CONTENT_TYPE, "application/json")], DOCUMENT));
    // Answers are whole: waiting to fill a segment would be measured as somebody's delay.
    let listener = tokio::net::TcpListener::from_std(socket)?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await
}
