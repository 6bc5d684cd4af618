//! The commands: arguments in, text and an exit code out.

mod admin;
mod args;
mod commands;

use args::{Arguments, Command};
use clap::Parser;
use rerp_split::failpoint;
use rerp_split::step::chain;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// What the caller of the process learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done as asked.
    Done = 0,
    /// The attempt itself failed: no connection, no server, wrong arguments.
    Error = 1,
    /// The migration failed, or contents differ.
    Failed = 3,
    /// Fatal findings stand.
    Refused = 4,
    /// The comparison itself could not be made.
    NotVerified = 5,
    /// Another worker has taken the migration over.
    Superseded = 6,
}

/// Parses, runs, reports.
pub(crate) async fn run() -> ExitCode {
    let arguments = Arguments::parse();
    log();
    if let Err(error) = failpoint::arm_from_env() {
        eprintln!("rerp-split: {error}");
        return ExitCode::from(Exit::Error as u8);
    }
    let stop = CancellationToken::new();
    listen(stop.clone());
    let exit = match dispatch(arguments.command, &stop).await {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("rerp-split: {}", chain(error.as_ref()));
            Exit::Error
        }
    };
    ExitCode::from(exit as u8)
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn dispatch(command: Command, stop: &CancellationToken) -> Result<Exit, Failure> {
    match command {
        Command::Plan(sides) => commands::plan(sides.settings()?).await,
        Command::Run { sides, advance_to } => commands::migrate(sides.settings()?, advance_to, stop).await,
        Command::Status { sides, json } => commands::status(sides.settings()?, json).await,
        Command::Verify(sides) => commands::verify(sides.settings()?).await,
        Command::Abort(sides) => commands::abort(sides.settings()?, stop).await,
        Command::UndoForeignKeys(sides) => commands::undo_foreign_keys(sides.settings()?).await,
        Command::Worker { dir, admin, pg_dump } => commands::worker(args::from_dir(&dir, pg_dump)?, &admin, stop).await,
    }
}

/// Logs go to stderr, results to stdout.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("RERP_LOG_FORMAT").is_ok_and(|format| format == "json") {
        lines.json().init();
    } else {
        lines.init();
    }
}

/// SIGTERM and SIGINT ask the process to end where the migration can be taken up again.
fn listen(stop: CancellationToken) {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        match signal(kind) {
            Ok(mut stream) => {
                let stop = stop.clone();
                tokio::spawn(async move {
                    stream.recv().await;
                    stop.cancel();
                });
            }
            Err(error) => tracing::warn!(%error, "signals are not handled"),
        }
    }
}
