//! `GET /ledger` and `GET /journeys`: every acknowledged write of the run, one JSON object per line, oldest first.

use crate::load::run::Run;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use serde::Serialize;
use std::sync::Arc;

/// Entries per chunk: the lock is held for one chunk at a time.
const CHUNK: usize = 1_000;

/// What the forms wrote.
pub(super) fn forms_of(run: Arc<Run>) -> Response {
    stream_of(run, |run, from| run.book.entries(from, CHUNK))
}

/// What the journeys wrote; nothing in a run without.
pub(super) fn journeys_of(run: Arc<Run>) -> Response {
    stream_of(run, |run, from| run.journeys.as_ref().map(|all| all.log.lines(from, CHUNK)).unwrap_or_default())
}

/// The stream of what `read` gives from a position on; it ends at the last entry there is when it gets there.
fn stream_of<T: Serialize + Send + 'static>(run: Arc<Run>, read: fn(&Run, usize) -> Vec<T>) -> Response {
    let chunks = stream::try_unfold((run, 0_usize), move |(run, from)| async move {
        let entries = read(&run, from);
        let lines = chunk(&entries)?;
        Ok::<_, serde_json::Error>((!entries.is_empty()).then_some((lines, (run, from + entries.len()))))
    });
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(chunks)).into_response()
}

fn chunk<T: Serialize>(entries: &[T]) -> Result<Bytes, serde_json::Error> {
    let mut lines = Vec::with_capacity(entries.len() * 300);
    for entry in entries {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    Ok(Bytes::from(lines))
}
