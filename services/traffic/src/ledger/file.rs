//! The ledger on disk. In: entries. Out: one JSON line each, appended by one task to one file per run.
//!
//! A process that dies still leaves what it had seen. The lines may lag the memory by one flush; they are evidence for
//! people, `GET /ledger` is the interface.

use super::entry::Entry;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// Why the ledger's file can't be had.
#[derive(Debug, Error)]
pub enum FileError {
    /// The directory is missing or read-only.
    #[error("opening ledger file {path}")]
    Open {
        /// File that was tried.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Opens `ledger-<run>.ndjson` in `dir` and starts its writer. The writer ends, flushed, when every sender is dropped.
///
/// The channel has no bound of its own: a run is bounded in requests, and a request waits for its answer before the next.
///
/// # Errors
/// The file can't be opened for appending.
pub async fn open(dir: &Path, run: &str) -> Result<(UnboundedSender<Entry>, JoinHandle<()>), FileError> {
    let path = dir.join(format!("ledger-{run}.ndjson"));
    let file = OpenOptions::new().create(true).append(true).open(&path).await;
    let file = file.map_err(|source| FileError::Open { path, source })?;
    let (sender, receiver) = unbounded_channel();
    Ok((sender, tokio::spawn(write(file, receiver))))
}

async fn write(file: File, mut entries: UnboundedReceiver<Entry>) {
    let mut out = BufWriter::new(file);
    let mut flush = interval(FLUSH_EVERY);
    flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let result = tokio::select! {
            entry = entries.recv() => match entry {
                Some(entry) => append(&mut out, &entry).await,
                None => break,
            },
            _ = flush.tick() => out.flush().await,
        };
        if let Err(error) = result {
            tracing::error!(%error, "the ledger's file can't be written; the ledger in memory goes on");
            return;
        }
    }
    if let Err(error) = out.flush().await {
        tracing::error!(%error, "the end of the ledger's file is missing");
    }
}

async fn append(out: &mut BufWriter<File>, entry: &Entry) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(entry).map_err(std::io::Error::other)?;
    line.push(b'\n');
    out.write_all(&line).await
}
