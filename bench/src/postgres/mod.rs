//! PostgreSQL, as a benchmark needs it. In: where its programs are. Out: a server of its own on loopback with a service's schema in it, and what
//! `pgbench` measures there.
//!
//! Durable, as a platform's is: `fsync` is on, so a commit costs a flush. Nothing goes on by itself while something is measured: vacuum and
//! checkpoints come between measurements.

mod pgbench;
mod server;

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use crate::process::ProcessError;

pub(crate) use pgbench::{Pgbench, Protocol, Script};
pub(crate) use server::{SCHEMA, Server};

/// Why something of PostgreSQL's can't be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostgresError {
    #[error(
        "no PostgreSQL in /usr/lib/postgresql; install Debian's package `postgresql`, or name its programs with --postgres"
    )]
    Missing,
    #[error("{path} can't be made ready")]
    Files { path: PathBuf, source: io::Error },
    #[error("`{program}` can't be started")]
    Start { program: String, source: io::Error },
    #[error("`{program}` ended with {status}: {words}")]
    Failed { program: String, status: ExitStatus, words: String },
    #[error("what pgbench says can't be read: {0}")]
    Unreadable(String),
    #[error(transparent)]
    Process(#[from] ProcessError),
}
