//! The worker's admin port: /livez, /readyz, /metrics. Three fixed answers to GET need no HTTP library.

use prometheus::{Encoder, GaugeVec, IntGaugeVec, Opts, Registry, TextEncoder};
use rerp_split::run::Board;
use rerp_split::status::Status;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long a request may take, and how large its head may be.
const LIMIT: Duration = Duration::from_secs(5);
const HEAD_BYTES: usize = 8192;

/// Answers until the process ends.
pub(super) async fn serve(listener: TcpListener, board: Arc<Board>) {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                let board = Arc::clone(&board);
                tokio::spawn(async move {
                    let _ = tokio::time::timeout(LIMIT, answer(socket, &board)).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "admin port");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(mut socket: TcpStream, board: &Board) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < HEAD_BYTES {
        if socket.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    let (status, body) = respond(&path(&head), board);
    let length = body.len();
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    socket.write_all(response.as_bytes()).await?;
    socket.shutdown().await
}

fn path(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let mut words = text.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method == "GET" { target.split('?').next().unwrap_or_default().to_owned() } else { String::new() }
}

fn respond(path: &str, board: &Board) -> (&'static str, String) {
    match path {
        "/livez" | "/readyz" => ("200 OK", "ok\n".to_owned()),
        "/metrics" => match metrics(&board.status()) {
            Ok(text) => ("200 OK", text),
            Err(error) => ("500 Internal Server Error", format!("{error}\n")),
        },
        _ => ("404 Not Found", "not found\n".to_owned()),
    }
}

fn metrics(status: &Status) -> Result<String, prometheus::Error> {
    let registry = Registry::new();
    let phase = IntGaugeVec::new(Opts::new("rerp_split_phase", "1 for the present phase"), &["phase"])?;
    registry.register(Box::new(phase.clone()))?;
    phase.with_label_values(&[status.phase.as_str()]).set(1);
    let rows = IntGaugeVec::new(Opts::new("rerp_split_copied_rows", "Rows copied"), &["table"])?;
    let bytes = IntGaugeVec::new(Opts::new("rerp_split_copied_bytes", "Bytes copied"), &["table"])?;
    registry.register(Box::new(rows.clone()))?;
    registry.register(Box::new(bytes.clone()))?;
    for table in &status.tables {
        rows.with_label_values(&[&table.name]).set(table.rows.cast_signed());
        bytes.with_label_values(&[&table.name]).set(table.bytes.cast_signed());
    }
    let single = GaugeVec::new(Opts::new("rerp_split_value", "Single figures by name"), &["name"])?;
    registry.register(Box::new(single.clone()))?;
    for (name, value) in figures(status) {
        single.with_label_values(&[name]).set(value);
    }
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn figures(status: &Status) -> Vec<(&'static str, f64)> {
    let mut figures = vec![("epoch", status.epoch as f64)];
    if let Some(stream) = &status.replication {
        figures.push(("lag_bytes", stream.lag_bytes as f64));
        figures.push(("retained_wal_bytes", stream.retained_wal_bytes as f64));
        let known = [
            ("wal_room_bytes", stream.wal_room_bytes),
            ("wal_bytes_per_second", stream.wal_bytes_per_second),
            ("wal_seconds_left", stream.wal_seconds_left),
        ];
        figures.extend(known.into_iter().filter_map(|(name, value)| Some((name, value? as f64))));
    }
    if let Some(copy) = &status.copy {
        figures.push(("copied_bytes", copy.bytes as f64));
        figures.push(("copy_total_bytes", copy.total_bytes as f64));
        figures.extend(copy.writer_latency_ms.map(|ms| ("writer_latency_ms", ms)));
        figures.extend(copy.max_bytes_per_second.map(|bound| ("copy_max_bytes_per_second", bound as f64)));
    }
    if let Some(seen) = &status.verification {
        figures.push(("compared_rows", seen.rows as f64));
        figures.push(("mismatches", seen.mismatches as f64));
    }
    if let Some(cutover) = &status.cutover {
        figures.push(("write_pause_ms", cutover.write_pause_ms));
        figures.push(("cutover_attempts", f64::from(cutover.attempts)));
    }
    if !status.foreign_keys.is_empty() {
        figures.push(("orphans", status.foreign_keys.iter().filter_map(|key| key.orphans).sum::<u64>() as f64));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_get_is_answered() {
        assert_eq!(path(b"GET /metrics?x=1 HTTP/1.1\r\n\r\n"), "/metrics");
        assert_eq!(path(b"POST /metrics HTTP/1.1\r\n\r\n"), "");
        let board = Board::new("abc");
        assert_eq!(respond("/livez", &board).0, "200 OK");
        assert_eq!(respond("", &board).0, "404 Not Found");
        assert!(respond("/metrics", &board).1.contains("rerp_split_phase{phase=\"Pending\"} 1"));
    }
}
