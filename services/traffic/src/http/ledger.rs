//! `GET /ledger`: every acknowledged write of the run, one JSON object per line, oldest first.

use crate::ledger::book::Book;
use crate::load::run::Run;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use std::sync::Arc;

/// Entries per chunk: the book's lock is held for one chunk at a time.
const CHUNK: usize = 1_000;

/// The stream; it ends at the last entry there is when it gets there.
pub(super) fn stream_of(run: Arc<Run>) -> Response {
    let chunks = stream::try_unfold((run, 0_usize), |(run, from)| async move {
        let (lines, count) = chunk(&run.book, from)?;
        Ok::<_, serde_json::Error>((count > 0).then_some((lines, (run, from + count))))
    });
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(chunks)).into_response()
}

fn chunk(book: &Book, from: usize) -> Result<(Bytes, usize), serde_json::Error> {
    let entries = book.entries(from, CHUNK);
    let mut lines = Vec::with_capacity(entries.len() * 300);
    for entry in &entries {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    Ok((Bytes::from(lines), entries.len()))
}
